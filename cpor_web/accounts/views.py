"""The start page of everybody who signs in, and their own account: language, calendar."""

from http import HTTPStatus

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from cpor_web.accounts import calendar_feed
from cpor_web.accounts.access import allowed
from cpor_web.accounts.blueprint import bp
from cpor_web.accounts.person_forms import LanguageForm
from cpor_web.extensions import db
from cpor_web.rules.roles import PARTNER_ROLES, USER_ROLES
from cpor_web.transactions import transaction
from cpor_web.users import people
from cpor_web.web.current import actor, user


@bp.get("/")
@allowed(USER_ROLES)
def home() -> ResponseReturnValue:
    """Lead to where one's work is."""
    return redirect(url_for("partners.dashboard" if actor().role in PARTNER_ROLES else "reviewers.queue"))


@bp.get("/account")
@allowed(USER_ROLES)
def account() -> ResponseReturnValue:
    """Show one's own account."""
    return _account(LanguageForm(language=user().language))


@bp.post("/account")
@allowed(USER_ROLES)
def choose_language() -> ResponseReturnValue:
    """Save the language of one's pages and mails."""
    form = LanguageForm()
    if not form.validate():
        return _account(form), HTTPStatus.UNPROCESSABLE_ENTITY
    with transaction(db.session):
        people.choose_language(user(), form.language.data)
    with force_locale(form.language.data):
        flash(_("Saved."), "success")
    return redirect(url_for("accounts.account"))


@bp.post("/account/calendar")
@allowed(USER_ROLES)
def renew_calendar() -> ResponseReturnValue:
    """Make the first address of one's calendar, or a new one, with which the former no longer works."""
    with transaction(db.session):
        calendar_feed.renew(user())
    flash(_("Your calendar has a new address."), "success")
    return redirect(url_for("accounts.account"))


def _account(form: FlaskForm) -> str:
    address = calendar_feed.address_of(user())
    return render_template("accounts/account.html", form=form, user=user(), calendar_address=address)
