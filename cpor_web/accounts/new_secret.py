"""The secret of a second factor that is being set up: the same until that is done, encrypted in the session.

And only in this sign-in: whoever signed in with this browser before has seen theirs. Saying once more who one is goes
on from it, and an app that has read the picture stays good: by a password (`session_cookie.renew`), or by the
operator's provider, which is another sign-in of the same person.
"""

from flask import Flask, session
from flask_login import user_logged_out

from cpor_web.accounts import session_cookie
from cpor_web.models import User
from cpor_web.users.authenticator import Authenticator

_SECRET = "second_factor_secret"  # noqa: S105 - where it is in the session, encrypted


def init_app(app: Flask) -> None:
    """Forget it where somebody signs out."""
    user_logged_out.connect(forget, app)


def of(user: User, authenticator: Authenticator) -> str:
    """Return the secret that `user`, who is signed in, sets up; a new one where there is none of theirs."""
    secret = seen(user) or authenticator.new()
    session[_SECRET] = (session_cookie.began(), secret)
    return secret


def seen(user: User) -> str:
    """Return what `user`, who is signed in, has seen in this sign-in, "" where that is nothing."""
    whose, secret = session.get(_SECRET, ("", ""))
    return str(secret) if whose in (session_cookie.began(), _next(user)) else ""


def hand_on(user: User, secret: str) -> None:
    """Keep what `user` has seen for the sign-in that they are about to begin."""
    if secret:
        session[_SECRET] = (_next(user), secret)


def forget(*_signal: object, **_who: object) -> None:
    """Forget it: it is in use, or its owner leaves; receives the signal of that, too."""
    session.pop(_SECRET, None)


def _next(user: User) -> str:
    return f"the next of {user.id}"
