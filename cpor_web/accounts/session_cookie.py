"""The present browser's session: what its cookie says, and the sign-in that this stands for."""

from flask import Flask, g, session
from flask_login import user_logged_out
from flask_security import user_authenticated
from flask_security.utils import set_request_attr
from sqlalchemy.exc import SQLAlchemyError

from cpor_web.accounts import places
from cpor_web.database import schema
from cpor_web.extensions import db
from cpor_web.models import Ended, SecurityKind, SignIn, User
from cpor_web.rules.words import N_
from cpor_web.transactions import transaction
from cpor_web.users import security_log, sessions
from cpor_web.users.sessions import Limits
from cpor_web.web.current import now, settings

_SECRET = "sign_in"  # noqa: S105 - the name of a field of the cookie

OIDC = "oidc"

WAYS = {
    "password": N_("the password"),
    "change": N_("the password"),
    "webauthn": N_("a passkey"),
    "authenticator": N_("the password and a code"),
    "recovery_code": N_("the password and a recovery code"),
    OIDC: N_("another provider"),
    f"{OIDC}+authenticator": N_("another provider and a code"),
    f"{OIDC}+recovery_code": N_("another provider and a recovery code"),
}
"""How one signed in, by what Flask-Security calls it, as msgids; behind a plus what was asked for after the first."""


def init_app(app: Flask) -> None:
    """Begin a sign-in where somebody is let in, by whichever way, and end it where they sign out."""
    user_authenticated.connect(_begin, app)
    user_logged_out.connect(_end, app)


def reader(uniquifier: str) -> User | None:
    """Return who the session's cookie stands for, if its sign-in lasts and they may still sign in."""
    if "user_unknown" in g or not secret():
        return None
    try:
        found = sessions.find(db.session(), secret(), uniquifier=uniquifier, now=now(), limits=limits())
    except SQLAlchemyError:
        g.user_unknown = True  # so that the page that tells of the failure does not fail in its turn
        raise
    if found is None:
        return None
    user, g.sign_in = found
    set_request_attr("fs_authn_via", "session")  # what Flask-Security's own pages ask for
    return user


def secret() -> str:
    """Return the secret of the sign-in that the cookie holds, "" where there is none."""
    return str(session.get(_SECRET, ""))


def present() -> int:
    """Return the id of the present sign-in; only for views that nobody reaches without."""
    sign_in: SignIn = g.sign_in
    return sign_in.id


def began() -> str:
    """Return when the present sign-in began, which tells it from others of this browser, also once it is renewed."""
    sign_in: SignIn = g.sign_in
    return sign_in.began_at.isoformat()


def way() -> str:
    """Return by which way the present sign-in went, as `WAYS` has it, "" where nobody is signed in."""
    sign_in: SignIn | None = g.get("sign_in")
    return sign_in.way if sign_in is not None else ""


def is_from_provider() -> bool:
    """Tell whether the present sign-in began at the operator's provider, whatever was asked for here after it."""
    return way().partition("+")[0] == OIDC


def limits() -> Limits:
    """Return how long a sign-in lasts."""
    return Limits.from_settings(settings())


def note_use() -> None:
    """Write down now and then that the present sign-in is used. Commits; so it comes before a view's own work.

    A database that takes no changes is asked first: it can be read, and this is no reason to show nothing.
    """
    sign_in: SignIn | None = g.get("sign_in")
    if sign_in is None or not sessions.is_to_be_noted(sign_in, now=now(), limits=limits()):
        return
    if schema.takes_changes(db.session().connection()):
        with transaction(db.session):
            sign_in.seen_at = now()


def end_others(user: User, *, why: Ended) -> int:
    """End all sign-ins of `user` but the present one, and give that another secret; return how many ended."""
    ended = sessions.end_others(db.session(), user, keep=secret(), why=why, now=now())
    renew(user)
    return ended


def renew(user: User) -> None:
    """Give the present sign-in of `user` another secret: a copy of the cookie opens nothing any more (ASVS 7.2.4).

    It lasts no longer for that: who holds a cookie could go on for ever by it.
    """
    sign_in: SignIn | None = g.get("sign_in")
    if sign_in is not None and sign_in.user_id == user.id:
        sessions.end(db.session(), secret(), why=Ended.RENEWED, now=now())
        session[_SECRET] = sessions.begin(
            db.session(), user, way=sign_in.way, now=now(), place=places.here(), began_at=sign_in.began_at
        )


def _begin(_app: Flask, *, user: User, authn_via: list[str] | None = None, **_how: object) -> None:
    """Begin another sign-in, which ends the one that this browser had."""
    way, place = (authn_via or ["password"])[-1], places.here()
    if secret():
        sessions.end(db.session(), secret(), why=Ended.RENEWED, now=now())
    session[_SECRET] = sessions.begin(db.session(), user, way=way, now=now(), place=place)
    if way == "change":  # of the password: they were in already
        return
    user.last_sign_in_at = now()
    security_log.settle_failures(db.session(), user, now=now(), place=place)
    words = WAYS.get(way, way)
    security_log.note(db.session(), user, SecurityKind.SIGNED_IN, now=now(), place=place, way=words)


def _end(_app: Flask, *, user: User, **_how: object) -> None:
    if not user or not user.is_authenticated:
        return
    with transaction(db.session):
        sessions.end(db.session(), secret(), why=Ended.SIGNED_OUT, now=now())
        security_log.note(db.session(), user, SecurityKind.SIGNED_OUT, now=now(), place=places.here())
    session.pop(_SECRET, None)
