"""Flask-Security, set up for this house: passwords and their reset, in our words, on our pages, nothing else."""

from datetime import timedelta
from typing import Any

from flask import Flask, g
from flask_security import RoleMixin, SQLAlchemyUserDatastore
from flask_security.signals import reset_password_instructions_sent, user_authenticated
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from cpor_web.accounts import access, calendar_feed, person, views  # noqa: F401 - their views are registered
from cpor_web.accounts.blueprint import bp
from cpor_web.accounts.forms import ForgotForm, NewPasswordForm, SignInForm
from cpor_web.accounts.mails import queue_password_reset
from cpor_web.accounts.people import SHORTEST_PASSWORD
from cpor_web.accounts.throttle import THROTTLED
from cpor_web.current import now
from cpor_web.extensions import db, security
from cpor_web.models import User
from cpor_web.paths import TRANSLATIONS
from cpor_web.rules.words import N_

SETTINGS: dict[str, Any] = {
    "PASSWORD_SCHEMES": ["argon2"],
    "PASSWORD_SINGLE_HASH": True,  # argon2 salts by itself; a second key would lock everybody out when it changes
    "PASSWORD_LENGTH_MIN": SHORTEST_PASSWORD,
    "EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},
    "RETURN_GENERIC_RESPONSES": True,
    "RECOVERABLE": True,
    "RESET_PASSWORD_WITHIN": timedelta(days=1),
    # Our outbox sends the mail, with a link made when it is sent: see `mails`.
    "SEND_PASSWORD_RESET_EMAIL": False,
    "SEND_PASSWORD_RESET_NOTICE_EMAIL": False,
    "LOGIN_USER_TEMPLATE": "accounts/sign_in.html",
    "FORGOT_PASSWORD_TEMPLATE": "accounts/forgot_password.html",
    "RESET_PASSWORD_TEMPLATE": "accounts/new_password.html",
    # Off: pages and commands that nobody uses here.
    "STATIC_FOLDER": None,
    "FRESHNESS": timedelta(seconds=-1),
    "CLI_USERS_NAME": None,
    "CLI_ROLES_NAME": None,
    "CACHE_CONTROL": None,
    "JOIN_USER_ROLES": False,
    "I18N_DOMAIN": "messages",
    "I18N_DIRNAME": [str(TRANSLATIONS)],
}

WORDS = {
    "PASSWORD_RESET_REQUEST": (
        N_("If there is an account with this address, a mail with a link is on its way. It works for 24 hours."),
        "info",
    ),
    "PASSWORD_RESET_EXPIRED": (N_("This link has expired. Ask for a new one here."), "error"),
    "INVALID_RESET_PASSWORD_TOKEN": (N_("This link was used, or is not complete. Ask for a new one here."), "error"),
    "PASSWORD_RESET_NO_LOGIN": (N_("Your password was changed. Sign in with the new one."), "success"),
    "PASSWORD_INVALID_LENGTH": (N_("Use %(length)s to 128 characters."), "error"),
    "PASSWORD_NOT_PROVIDED": (N_("Type a password."), "error"),
    "RETYPE_PASSWORD_MISMATCH": (N_("The two passwords are not the same."), "error"),
    "EMAIL_NOT_PROVIDED": (N_("Type an e-mail address."), "error"),
}
"""What people can read of Flask-Security, as msgids of ours."""


def init_app(app: Flask) -> None:
    """Set up accounts: their pages, the session's user, and the question who may open which page."""
    app.config.from_mapping({f"SECURITY_{name}": value for name, value in SETTINGS.items()})
    app.config.from_mapping({f"SECURITY_MSG_{name}": words for name, words in WORDS.items()})
    # The stricter protection signs out people whose address changes on the way, such as on a phone.
    app.config["SESSION_PROTECTION"] = "basic"
    security.init_app(
        app,
        SQLAlchemyUserDatastore(db, User, RoleMixin),  # no table of roles: a role is a column of the user
        login_form=SignInForm,
        forgot_password_form=ForgotForm,
        reset_password_form=NewPasswordForm,
    )
    security.want_json(lambda _request: False)
    security.login_manager.user_loader(_user)
    security.login_manager.request_loader(lambda _request: None)  # no tokens in headers or addresses
    app.view_functions.update(THROTTLED)
    reset_password_instructions_sent.connect(queue_password_reset, app)
    user_authenticated.connect(_note_sign_in, app)
    access.init_app(app)
    app.register_blueprint(bp)


def _user(uniquifier: str) -> User | None:
    """Return who the session says, if they may still sign in."""
    if "user_unknown" in g:
        return None
    try:
        return db.session.scalar(select(User).where(User.fs_uniquifier == uniquifier, User.active))
    except SQLAlchemyError:
        g.user_unknown = True  # so that the page that tells of the failure does not fail in its turn
        raise


def _note_sign_in(_app: Flask, *, user: User, **_how: Any) -> None:
    user.last_sign_in_at = now()
