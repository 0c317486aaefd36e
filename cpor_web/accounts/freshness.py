"""Asking anew who somebody is, before what would let another person in for good: a page left open is not enough."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any

from flask import Flask, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_security.forms import IsString, VerifyForm, password_required
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import Field, PasswordField

from cpor_web.accounts import session_cookie
from cpor_web.accounts.access import allowed
from cpor_web.accounts.blueprint import bp
from cpor_web.accounts.ceremony import PasskeyForm, new_challenge, taken_challenge, this_site
from cpor_web.accounts.forms import NOT_TOO_LONG
from cpor_web.accounts.way_on import within
from cpor_web.extensions import db, limiter
from cpor_web.rules.roles import USER_ROLES
from cpor_web.transactions import transaction
from cpor_web.users import passkeys
from cpor_web.web.current import now, user

LASTS = timedelta(minutes=10)
WRONG_FOR_ONE_ACCOUNT = "10 per 15 minutes"

_CONFIRMED_AT = "confirmed_at"


class ConfirmForm(VerifyForm):
    """Asks for one's password once more."""

    password = PasswordField(
        _l("Password"),
        [IsString(), password_required, NOT_TOO_LONG],
        render_kw={"autocomplete": "current-password"},
    )
    submit = None

    def validate_next(self, field: Field) -> None:
        """Say nothing of an address that leads away from here: `_wanted` forgets it."""


def note(_app: Flask, **_who_and_how: Any) -> None:
    """Keep in the session that its owner has just said who they are; receives the signal of a sign-in."""
    proved(now())


def proved(at: datetime) -> None:
    """Keep in the session when its owner has said who they are: a provider may have known them for hours."""
    session[_CONFIRMED_AT] = min(at, now()).timestamp()


def is_fresh() -> bool:
    """Tell whether that was no longer ago than it lasts."""
    said_at = datetime.fromtimestamp(session.get(_CONFIRMED_AT, 0), UTC)
    return now() - said_at < LASTS


def ask(back: str) -> ResponseReturnValue | None:
    """Return what asks first who it is, and leads to the path `back` afterwards; None for who has just said so."""
    return None if is_fresh() else redirect(url_for("accounts.confirm", next=back))


def is_confirmed(form: FlaskForm) -> bool:
    """Tell whether the sender of a form has just said who they are; where not, the form says what to do.

    It is to be shown again with all that was typed: saying so happens in another tab.
    """
    if not is_fresh():
        why = _(
            "You signed in some time ago, and this lets somebody in."
            " Say in a new tab once more who you are, then send this again."
        )
        link = Markup('{} <a href="{}" target="_blank" rel="noopener">{}</a>')
        form.form_errors.append(link.format(why, url_for("accounts.confirm"), _("Say who you are")))
    return is_fresh()


def fresh(page: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a view, below `allowed`, as one that asks first who it is, and leads to the endpoint `page` afterwards."""

    def mark(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def ask_first(*args: Any, **kwargs: Any) -> Any:
            return ask(url_for(page)) or view(*args, **kwargs)

        return ask_first

    return mark


_limited = limiter.shared_limit(
    WRONG_FOR_ONE_ACCOUNT,
    scope="confirm",
    key_func=lambda: f"user {user().id}",  # wherever from: who holds a copy of the session may move
    methods=["POST"],
    deduct_when=lambda response: not 300 <= response.status_code < 400,
)


@bp.get("/account/confirm")
@allowed(USER_ROLES)
def confirm() -> ResponseReturnValue:
    """Ask for the password or a passkey."""
    return _page(ConfirmForm(user=user()))


@bp.post("/account/confirm")
@allowed(USER_ROLES)
@_limited
def confirm_by_password() -> ResponseReturnValue:
    """Take the password, and lead on."""
    form = ConfirmForm(user=user())
    with transaction(db.session):  # the hash may be renewed
        right = form.validate()
    return _lead_on() if right else (_page(form), HTTPStatus.UNPROCESSABLE_ENTITY)


@bp.post("/account/confirm/passkey")
@allowed(USER_ROLES)
@_limited
def confirm_by_passkey() -> ResponseReturnValue:
    """Take a passkey of one's own, and lead on."""
    answer, asked = PasskeyForm().answer.data or "", taken_challenge()
    with transaction(db.session):
        owner = passkeys.owner_of(db.session(), answer, asked, site=this_site(), now=now())
    if owner is not None and owner.id == user().id:
        return _lead_on()
    flash(_("The passkey was not recognised. Try again, or take another way."), "error")
    return _page(ConfirmForm(formdata=None, user=user())), HTTPStatus.UNPROCESSABLE_ENTITY


def _lead_on() -> ResponseReturnValue:
    with transaction(db.session):
        session_cookie.renew(user())
    proved(now())
    return redirect(_wanted() or url_for("accounts.account"))


def _wanted() -> str:
    return within(request.values.get("next"))


def _page(form: ConfirmForm) -> str:
    mine, site = passkeys.passkeys_of(db.session(), user()), this_site()
    options = passkeys.options_to_sign_in(site, new_challenge(), mine) if mine and site else ""
    return render_template(
        "accounts/confirm.html",
        form=form,
        options=options,
        user=user(),
        next=_wanted(),
        is_from_provider=session_cookie.is_from_provider(),
    )
