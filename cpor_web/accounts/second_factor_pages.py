"""One's own second factor: setting it up, new recovery codes, doing without."""

from http import HTTPStatus

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from cpor_web.accounts import new_secret, session_cookie
from cpor_web.accounts.access import allowed
from cpor_web.accounts.blueprint import bp
from cpor_web.accounts.freshness import fresh
from cpor_web.accounts.places import here
from cpor_web.accounts.second_step import CodeForm
from cpor_web.extensions import db
from cpor_web.models import Ended, SecurityKind
from cpor_web.rules.exc import Invalid, Refused
from cpor_web.rules.roles import USER_ROLES
from cpor_web.transactions import transaction
from cpor_web.users import second_factor, security_log
from cpor_web.users.authenticator import Authenticator, authenticator_of
from cpor_web.web.current import now, programme, programme_as_set_up, settings, user
from cpor_web.web.errors import sentence, status_of

PAGE = "accounts.own_second_factor"
NEW = "accounts.new_second_factor"


@bp.get("/account/second-factor")
@allowed(USER_ROLES)
@fresh(PAGE)
def own_second_factor() -> ResponseReturnValue:
    """Show how things stand, where there is one."""
    if not second_factor.is_set_up(user()):
        return redirect(url_for(NEW))
    left, is_required = len(user().recovery_codes), second_factor.is_required(user(), settings())
    return render_template("accounts/second_factor.html", left=left, is_required=is_required)


@bp.get("/account/second-factor/new")
@allowed(USER_ROLES)
@fresh(NEW)
def new_second_factor() -> ResponseReturnValue:
    """Show how to set it up."""
    return _page(CodeForm(formdata=None))


@bp.post("/account/second-factor/new")
@allowed(USER_ROLES)
@fresh(NEW)
def set_up_second_factor() -> ResponseReturnValue:
    """Take the code of the new app; show the recovery codes, this once."""
    form = CodeForm()
    if not form.validate():
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        with transaction(db.session):
            codes = second_factor.set_up(
                db.session(), user(), _secret(), form.code.data, authenticator=_authenticator(), now=now()
            )
            session_cookie.end_others(user(), why=Ended.SECOND_FACTOR)
            _announce(SecurityKind.SECOND_FACTOR_ADDED)
    except Invalid as invalid:
        form.code.errors = [sentence(invalid)]
        return _page(form), status_of(invalid)
    new_secret.forget()
    return _codes(codes)


@bp.post("/account/second-factor/recovery-codes")
@allowed(USER_ROLES)
@fresh(PAGE)
def renew_recovery_codes() -> ResponseReturnValue:
    """Make new recovery codes; show them, this once."""
    try:
        with transaction(db.session):
            codes = second_factor.renew_recovery_codes(db.session(), user())
            _announce(SecurityKind.RECOVERY_CODES_RENEWED)
    except Refused as refused:
        return _refused(refused)
    return _codes(codes)


@bp.post("/account/second-factor/remove")
@allowed(USER_ROLES)
@fresh(PAGE)
def remove_second_factor() -> ResponseReturnValue:
    """Do without."""
    try:
        with transaction(db.session):
            second_factor.remove(db.session(), user(), settings=settings())
            session_cookie.end_others(user(), why=Ended.SECOND_FACTOR)
            _announce(SecurityKind.SECOND_FACTOR_REMOVED)
    except Refused as refused:
        return _refused(refused)
    flash(_("The second factor was removed. Your password is enough to sign in."), "success")
    return redirect(url_for("accounts.account"))


def _announce(kind: SecurityKind) -> None:
    security_log.announce(db.session(), user(), kind, now=now(), programme=programme(), place=here())


def _authenticator() -> Authenticator:
    return authenticator_of(settings().secret_keys, programme_as_set_up().name)


def _secret() -> str:
    return new_secret.of(user(), _authenticator())


def _refused(refused: Refused) -> ResponseReturnValue:
    flash(sentence(refused), "error")
    return redirect(url_for(PAGE))


def _page(form: CodeForm) -> str:
    secret = _secret()
    return render_template(
        "accounts/set_up_second_factor.html",
        form=form,
        picture=_picture(_authenticator().address(secret, user().email)),
        letters=_authenticator().letters(secret),
        must=second_factor.lacks(user(), settings()),
    )


def _codes(codes: list[str]) -> str:
    return render_template("accounts/recovery_codes.html", codes=codes)


def _picture(address: str) -> Markup:
    """Draw the address as a QR code: black on white in every scheme, so that cameras read it."""
    import segno  # whose tables of codes few processes ever need

    code = segno.make(address, error="m", micro=False)
    drawn = code.svg_inline(scale=5, dark="#000", light="#fff", svgclass="qr-code", lineclass=None, omitsize=True)
    return Markup(drawn)  # noqa: S704 - numbers and colours; the address is in it as squares only
