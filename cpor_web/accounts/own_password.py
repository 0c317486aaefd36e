"""Who chooses a password while signed in, and what they are asked first."""

from collections.abc import Callable
from functools import wraps

from flask import abort, url_for
from flask.typing import ResponseReturnValue

from cpor_web.accounts import freshness
from cpor_web.extensions import db
from cpor_web.users import identities
from cpor_web.web.current import settings, user

View = Callable[[], ResponseReturnValue]


def may_choose() -> bool:
    """Tell whether whoever is signed in may choose a password here."""
    return identities.may_choose_password(db.session(), user(), settings())


def guarded(view: View) -> View:
    """Return the page to choose a password, for who may: 404 for the others.

    It asks for the present password itself; who has none says first who they are (ASVS 7.5.1).
    """

    @wraps(view)
    def ask_first() -> ResponseReturnValue:
        if not may_choose():
            abort(404)
        asked = None if user().password else freshness.ask(url_for("security.change_password"))
        return asked or view()

    return ask_first
