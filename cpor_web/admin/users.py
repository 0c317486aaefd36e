"""People with an account. The page of one of them is in `accounts.person`."""

from http import HTTPStatus

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from cpor_web.accounts import freshness
from cpor_web.accounts.access import allowed
from cpor_web.admin.blueprint import bp
from cpor_web.admin.forms import UserForm
from cpor_web.extensions import db
from cpor_web.models import Partner
from cpor_web.rules.exc import Refused
from cpor_web.rules.roles import REVIEWERS, Role
from cpor_web.transactions import transaction
from cpor_web.users import people, ties
from cpor_web.web.current import actor, now, programme, settings
from cpor_web.web.errors import status_of


@bp.get("/users")
@allowed(Role.ADMINISTRATOR)
def users() -> ResponseReturnValue:
    """List the users, and offer to add one."""
    return _users(_form())


@bp.post("/users")
@allowed(Role.ADMINISTRATOR)
def add_user() -> ResponseReturnValue:
    """Add a user; an invitation to choose a password goes out with the commit."""
    form = _form()
    if not form.validate():
        return _users(form), HTTPStatus.UNPROCESSABLE_ENTITY
    if Role(form.role.data) in REVIEWERS and not freshness.is_confirmed(form):
        return _users(form), HTTPStatus.FORBIDDEN
    try:
        with transaction(db.session):
            added = people.invite(
                db.session(),
                email=form.email.data,
                name=form.name.data,
                role=Role(form.role.data),
                partner=db.session.get(Partner, int(form.partner.data)) if form.partner.data else None,
                language=form.language.data,
                actor=actor(),
                now=now(),
                programme=programme(),
            )
    except Refused as refused:
        form.refuse(refused)
        return _users(form), status_of(refused)
    flash(
        _("%(name)s was added. An invitation is on its way to %(email)s.", name=added.name, email=added.email),
        "success",
    )
    return redirect(url_for("administration.users"))


def _form() -> UserForm:
    form = UserForm()
    form.offer_partners(db.session.scalars(select(Partner).order_by(func.lower(Partner.name))).all())
    return form


def _users(form: UserForm) -> str:
    everybody = people.people_of(db.session(), actor())
    tied = ties.tied_among(db.session(), everybody, settings().oidc_issuer)
    return render_template("admin/users.html", users=everybody, tied=tied, form=form, me=actor())
