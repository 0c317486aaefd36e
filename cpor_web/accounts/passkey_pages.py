"""Signing in by a passkey, and one's own passkeys: adding and removing them."""

from http import HTTPStatus

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_security import current_user
from wtforms import StringField

from cpor_web.accounts import failures, session_cookie
from cpor_web.accounts.access import allowed
from cpor_web.accounts.blueprint import bp
from cpor_web.accounts.ceremony import PasskeyForm, new_challenge, taken_challenge, this_site
from cpor_web.accounts.freshness import fresh
from cpor_web.accounts.places import here
from cpor_web.accounts.second_step import let_in
from cpor_web.accounts.way_on import within
from cpor_web.extensions import db, limiter
from cpor_web.limiting.callers import caller
from cpor_web.models import Ended, SecurityKind
from cpor_web.rules.exc import Invalid, Refused
from cpor_web.rules.roles import USER_ROLES
from cpor_web.transactions import transaction
from cpor_web.users import passkeys, security_log
from cpor_web.users.identities import must_come_by_it
from cpor_web.web.current import now, programme, settings, user
from cpor_web.web.errors import sentence, status_of
from cpor_web.web.validators import at_most

PAGE = "accounts.own_passkeys"
WRONG_FROM_ONE_ADDRESS = "100 per hour"


class NewPasskeyForm(PasskeyForm):
    """A passkey that the browser has made, and how its owner calls it."""

    name = StringField(
        _l("Name of the passkey"),
        [at_most(passkeys.LONGEST_NAME)],
        render_kw={"autocomplete": "off", "maxlength": passkeys.LONGEST_NAME, "required": True},
    )


@bp.route("/login/passkey", methods=["GET", "POST"])
@limiter.limit(
    WRONG_FROM_ONE_ADDRESS,
    key_func=caller,
    methods=["POST"],
    deduct_when=lambda response: not 300 <= response.status_code < 400,
)
def passkey_sign_in() -> ResponseReturnValue:
    """Ask for a passkey, and let in whose it is: the device has verified them, so nothing else is asked."""
    if current_user.is_authenticated:
        return redirect(url_for("accounts.home"))
    wanted = within(request.values.get("next"))
    form, site = PasskeyForm(), this_site()
    status = HTTPStatus.OK
    if form.is_submitted():
        asked = taken_challenge()
        with transaction(db.session):
            if form.validate():
                owner = passkeys.owner_of(db.session(), form.answer.data or "", asked, site=site, now=now())
                if owner is not None and not must_come_by_it(db.session(), owner, settings()):
                    return let_in(owner, "webauthn", wanted)
        failures.tell("webauthn")
        flash(_("The passkey was not recognised. Try again, or take another way."), "error")
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    options = passkeys.options_to_sign_in(site, new_challenge()) if site else ""
    return render_template("accounts/passkey_sign_in.html", options=options, next=wanted), status


@bp.get("/account/passkeys")
@allowed(USER_ROLES)
@fresh(PAGE)
def own_passkeys() -> ResponseReturnValue:
    """List one's passkeys, and offer to add one."""
    return _page(NewPasskeyForm(formdata=None))


@bp.post("/account/passkeys")
@allowed(USER_ROLES)
@fresh(PAGE)
def add_passkey() -> ResponseReturnValue:
    """Add the passkey that the browser has made."""
    form, asked = NewPasskeyForm(), taken_challenge()
    if not form.validate():
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        with transaction(db.session):
            added = passkeys.add(
                db.session(),
                user(),
                form.answer.data or "",
                asked,
                name=form.name.data or "",
                site=this_site(),
                now=now(),
            )
            _announce(SecurityKind.PASSKEY_ADDED, added.name)
    except Refused as refused:
        if isinstance(refused, Invalid) and refused.field_name == "name":
            form.name.errors = [sentence(refused)]
        else:
            form.form_errors.append(sentence(refused))
        return _page(form), status_of(refused)
    flash(_("“%(name)s” was added. You can sign in with it.", name=added.name), "success")
    return redirect(url_for(PAGE))


@bp.post("/account/passkeys/<int:passkey_id>/remove")
@allowed(USER_ROLES)
@fresh(PAGE)
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    """Let a passkey no longer sign in."""
    with transaction(db.session):
        removed = passkeys.remove(db.session(), user(), passkey_id) or abort(404)
        _announce(SecurityKind.PASSKEY_REMOVED, removed.name)
    flash(_("“%(name)s” was removed.", name=removed.name), "success")
    return redirect(url_for(PAGE))


def _announce(kind: SecurityKind, name: str) -> None:
    session_cookie.end_others(user(), why=Ended.SECOND_FACTOR)
    security_log.announce(db.session(), user(), kind, now=now(), programme=programme(), place=here(), label=name)


def _page(form: NewPasskeyForm) -> str:
    mine, site = passkeys.passkeys_of(db.session(), user()), this_site()
    options = ""
    if site is not None:
        with transaction(db.session):  # the handle is made when first asked for
            options = passkeys.options_to_add(site, new_challenge(), user(), mine)
    return render_template("accounts/passkeys.html", form=form, passkeys=mine, options=options)
