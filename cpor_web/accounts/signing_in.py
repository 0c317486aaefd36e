"""Flask-Security, set up for this house: passwords and their reset, in our words, on our pages, nothing else."""

from datetime import timedelta
from typing import Any

from flask import Flask
from flask_security import RoleMixin, SQLAlchemyUserDatastore
from flask_security.signals import (
    password_changed,
    password_reset,
    reset_password_instructions_sent,
    user_authenticated,
)

from cpor_web.accounts import (
    access,
    account_security,  # noqa: F401
    calendar_feed,  # noqa: F401 - its views are registered, and those of the others that are not named below
    freshness,
    known_browsers,
    new_secret,
    oidc_views,
    passkey_pages,  # noqa: F401
    person,  # noqa: F401
    places,
    second_factor_pages,  # noqa: F401
    sent_in_vain,
    session_cookie,
    signatures,
    views,  # noqa: F401
    way_on,
)
from cpor_web.accounts.blueprint import bp
from cpor_web.accounts.ceremony import this_site
from cpor_web.accounts.forms import ForgotForm, NewPasswordForm, OtherPasswordForm, SignInForm, TakenPasswords
from cpor_web.accounts.mails import queue_password_reset
from cpor_web.accounts.throttle import THROTTLED
from cpor_web.extensions import db, security
from cpor_web.models import Ended, SecurityKind, User
from cpor_web.paths import TRANSLATIONS
from cpor_web.rules.words import N_
from cpor_web.users import security_log, sessions
from cpor_web.users.passwords import SHORTEST
from cpor_web.web.current import now, programme_as_set_up

SETTINGS: dict[str, Any] = {
    "PASSWORD_SCHEMES": ["argon2"],
    "PASSWORD_SINGLE_HASH": True,  # argon2 salts by itself; a second key would lock everybody out when it changes
    "PASSWORD_LENGTH_MIN": SHORTEST,
    # No account has other letters before the @, but the database makes an i of a Turkish İ.
    "EMAIL_VALIDATOR_ARGS": {"check_deliverability": False, "allow_smtputf8": False},
    "RETURN_GENERIC_RESPONSES": True,
    "RECOVERABLE": True,
    "RESET_PASSWORD_WITHIN": timedelta(days=1),
    # Our outbox sends the mail, with a link made when it is sent: see `mails`.
    "SEND_PASSWORD_RESET_EMAIL": False,
    "SEND_PASSWORD_RESET_NOTICE_EMAIL": False,
    "SEND_PASSWORD_CHANGE_EMAIL": False,
    "CHANGEABLE": True,
    "CHANGE_URL": "/account/password",
    "POST_CHANGE_VIEW": "accounts.security",
    "CHANGE_PASSWORD_TEMPLATE": "accounts/change_password.html",
    "LOGIN_USER_TEMPLATE": "accounts/sign_in.html",
    "FORGOT_PASSWORD_TEMPLATE": "accounts/forgot_password.html",
    "RESET_PASSWORD_TEMPLATE": "accounts/new_password.html",
    "TWO_FACTOR_IMPLEMENTATIONS": {"code": "cpor_web.accounts.second_step.AfterThePassword"},
    # Off: pages and commands that nobody uses here.
    "STATIC_FOLDER": None,
    "API_ENABLED_METHODS": ["session"],
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
    "PASSWORD_RESET_NO_LOGIN": (N_("Your password is saved. Sign in with it."), "success"),
    "PASSWORD_CHANGE": (N_("Your password was changed."), "success"),
    "PASSWORD_IS_THE_SAME": (N_("This is the present password. Choose another one."), "error"),
    "PASSWORD_NOT_PROVIDED": (N_("Type a password."), "error"),
    "RETYPE_PASSWORD_MISMATCH": (N_("The two passwords are not the same."), "error"),
    "INVALID_PASSWORD": (N_("This password is not right."), "error"),
    "EMAIL_NOT_PROVIDED": (N_("Type an e-mail address."), "error"),
}
"""What people can read of Flask-Security, as msgids of ours."""


def init_app(app: Flask) -> None:
    """Set up accounts: their pages, the session's user, and the question who may open which page."""
    app.config.from_mapping({f"SECURITY_{name}": value for name, value in SETTINGS.items()})
    app.config.from_mapping({f"SECURITY_MSG_{name}": words for name, words in WORDS.items()})
    # The stricter protection signs out people whose address changes on the way, such as on a phone. The other marks
    # them in the cookie for what nobody asks here: how long ago they confirmed who they are is `freshness`.
    app.config["SESSION_PROTECTION"] = None
    security._password_util_cls = TakenPasswords  # it takes a class when it is made, where accounts are not known yet
    security.init_app(
        app,
        SQLAlchemyUserDatastore(db, User, RoleMixin),  # no table of roles: a role is a column of the user
        login_form=SignInForm,
        forgot_password_form=ForgotForm,
        reset_password_form=NewPasswordForm,
        change_password_form=OtherPasswordForm,
    )
    signatures.init_app(app)
    security.support_mfa = True  # it asks `second_step` after the password; its own pages for that stay off
    security.want_json(lambda _request: False)
    security.login_manager.user_loader(session_cookie.reader)
    security.login_manager.request_loader(lambda _request: None)  # no tokens in headers or addresses
    app.view_functions.update(THROTTLED)
    app.jinja_env.globals["this_site"] = this_site  # where it is None, no passkey works
    oidc_views.init_app(app)
    reset_password_instructions_sent.connect(queue_password_reset, app)
    password_changed.connect(_note_new_password, app)
    password_reset.connect(_note_new_password, app)
    session_cookie.init_app(app)
    new_secret.init_app(app)
    known_browsers.init_app(app)
    sent_in_vain.init_app(app)
    user_authenticated.connect(freshness.note, app)
    way_on.init_app(app)
    access.init_app(app)
    app.register_blueprint(bp)


def _note_new_password(_app: Flask, *, user: User, **_how: Any) -> None:
    """End what was begun with the former password, all but the present sign-in, and say so to the user."""
    sessions.end_others(db.session(), user, keep=session_cookie.secret(), why=Ended.PASSWORD, now=now())
    security_log.announce(
        db.session(),
        user,
        SecurityKind.PASSWORD_CHANGED,
        now=now(),
        programme=programme_as_set_up(),
        place=places.here(),
    )
