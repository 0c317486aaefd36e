"""The second step of signing in: what comes after the right password of somebody who has a second factor.

Until then nobody is signed in: the session only knows whose password was right, for some minutes.
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any

from flask import Flask, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_security import current_user
from flask_security.utils import login_user
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import StringField
from wtforms.validators import DataRequired

from cpor_web.accounts import failures
from cpor_web.accounts.blueprint import bp
from cpor_web.accounts.known_browsers import account_key, known_as
from cpor_web.accounts.places import here
from cpor_web.accounts.way_on import within
from cpor_web.extensions import db, limiter
from cpor_web.limiting.callers import caller
from cpor_web.models import SecurityKind, User
from cpor_web.transactions import transaction
from cpor_web.users import second_factor, security_log
from cpor_web.users.authenticator import authenticator_of
from cpor_web.web.current import now, programme, programme_as_set_up, settings
from cpor_web.web.validators import at_most

LASTS = timedelta(minutes=10)
WRONG_FROM_ONE_ADDRESS = "10 per 15 minutes"
WRONG_FOR_ONE_ACCOUNT = "100 per day"
"""From all browsers together that it does not know, and from all that it knows: who gets this far has the password,
and a code has only six digits; who has the owner's mailbox makes a browser known by choosing a password. Its owner
still signs in with a recovery code or a passkey, which cannot be guessed."""

_WAITING = "second_step"


class CodeForm(FlaskForm):
    """The code that the app shows."""

    code = StringField(
        _l("Code"),
        [DataRequired(_l("Type the code.")), at_most(20)],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"},
    )


class RecoveryCodeForm(FlaskForm):
    """One of the recovery codes."""

    code = StringField(
        _l("Recovery code"),
        [DataRequired(_l("Type the code.")), at_most(60)],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )


class AfterThePassword:
    """Flask-Security asks it after every first step, whichever it was (its TfPluginBase)."""

    def __init__(self, _app: Flask) -> None:
        pass

    def create_blueprint(self, *_app_and_more: Any) -> None:
        """Add nothing: the pages are in the blueprint of accounts. Called where a process makes a second app."""

    def get_setup_methods(self, user: User) -> list[tuple[str, str]]:
        """Return what `user` has set up: at most the one that there is."""
        return [("authenticator", "")] if second_factor.is_set_up(user) else []

    def tf_login(self, user: User, _payload: dict[str, Any], next_loc: str | None) -> ResponseReturnValue:
        """Remember who has come so far, and ask for the code."""
        session.pop("tf_user_id", None)  # Flask-Security's own mark, for pages of its own
        waiting = {"user": user.fs_uniquifier, "email": user.email, "at": now().timestamp(), "next": next_loc or ""}
        session[_WAITING] = waiting
        return redirect(url_for("accounts.second_step"))


def _account() -> str:
    """Return a key for the account, which stays the same when its password is chosen anew."""
    return account_key(_email())


def _email() -> str:
    return str(session.get(_WAITING, {}).get("email", ""))


def _account_and_kind() -> str:
    """Return a key for browsers that the owner has used before, or for all others: these do not lock those out."""
    return f"{_account()} {'known' if known_as(_email()) else 'strange'}"


_limited = partial(
    limiter.limit, methods=["POST"], deduct_when=lambda response: not 300 <= response.status_code < 400
)
_by_both = _limited(WRONG_FROM_ONE_ADDRESS, key_func=lambda: f"{_account()} {caller()}")
_by_account = _limited(WRONG_FOR_ONE_ACCOUNT, key_func=_account_and_kind)


@bp.route("/login/code", methods=["GET", "POST"])
@_by_both
@_by_account
def second_step() -> ResponseReturnValue:
    """Ask for the code of the app, and let in who has it."""
    user = _waiting()
    if user is None:
        return _start_anew()
    form = CodeForm()
    if form.validate_on_submit():
        with transaction(db.session):
            of_here = authenticator_of(settings().secret_keys, programme_as_set_up().name)
            if second_factor.use_code(db.session(), user, form.code.data, authenticator=of_here, now=now()):
                return _let_in(user, "authenticator")
            failures.tell("authenticator")
            security_log.count_failure(db.session(), user.id, now=now())
        form.code.errors = [_(second_factor.WRONG)]
    return _page("accounts/second_step.html", form)


@bp.route("/login/recovery-code", methods=["GET", "POST"])
@_by_both
def recovery_code() -> ResponseReturnValue:
    """Ask for a recovery code, and let in who has one."""
    user = _waiting()
    if user is None:
        return _start_anew()
    form = RecoveryCodeForm()
    if form.validate_on_submit():
        with transaction(db.session):
            if second_factor.use_recovery_code(db.session(), user, form.code.data):
                left = len(user.recovery_codes)
                kind = SecurityKind.RECOVERY_CODE_USED
                security_log.announce(db.session(), user, kind, now=now(), programme=programme(), place=here())
                flash(
                    _("Recovery codes that are left: %(left)s. Make new ones before you run out.", left=left), "info"
                )
                return _let_in(user, "recovery_code")
            failures.tell("recovery_code")
            security_log.count_failure(db.session(), user.id, now=now())
        form.code.errors = [_("This code is not right, or was used.")]
    return _page("accounts/recovery_code.html", form)


def let_in(user: User, way: str, wanted: str) -> ResponseReturnValue:
    """Sign `user` in, and lead to where they wanted to go; the caller's transaction has the rest."""
    login_user(user, remember=False, authn_via=[way])
    onward = within(wanted)
    is_back = onward.partition("?")[0].endswith(url_for("security.login"))
    return redirect(url_for("accounts.home") if is_back or not onward else onward)


def came_by(first: str) -> None:
    """Keep by which way somebody has come this far, where that was not by a password."""
    session[_WAITING] = {**session[_WAITING], "first": first}


def _let_in(user: User, second: str) -> ResponseReturnValue:
    waited = session.pop(_WAITING)
    return let_in(user, "+".join(filter(None, (waited.get("first"), second))), waited["next"])


def _waiting() -> User | None:
    """Return whose password was right just now."""
    waiting = session.get(_WAITING)
    if not waiting or current_user.is_authenticated:
        return None
    if now() - datetime.fromtimestamp(waiting["at"], UTC) > LASTS:
        return None
    active = select(User).where(User.fs_uniquifier == waiting["user"], User.active)
    return db.session.scalar(active)


def _start_anew() -> ResponseReturnValue:
    session.pop(_WAITING, None)
    if not current_user.is_authenticated:
        flash(_("That took too long. Sign in again."), "info")
    return redirect(url_for("security.login"))


def _page(template: str, form: FlaskForm) -> ResponseReturnValue:
    page = render_template(template, form=form)
    return (page, HTTPStatus.UNPROCESSABLE_ENTITY) if form.errors else page
