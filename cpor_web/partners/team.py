"""Team: the partner's users and their roles. All of them see it, Global admins invite and manage."""

from http import HTTPStatus

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cpor_web.accounts.access import allowed
from cpor_web.accounts.person_forms import InvitationForm
from cpor_web.extensions import db
from cpor_web.partners.blueprint import bp
from cpor_web.rules.exc import Refused
from cpor_web.rules.roles import PARTNER_ROLES, Role
from cpor_web.transactions import transaction
from cpor_web.users import people, ties
from cpor_web.web.current import actor, now, programme, settings, user
from cpor_web.web.errors import status_of


@bp.get("/team")
@allowed(PARTNER_ROLES)
def team() -> ResponseReturnValue:
    """List everybody who can sign in for this partner, and who no longer can."""
    return _team(_form())


@bp.post("/team")
@allowed(Role.GLOBAL_ADMIN)
def invite() -> ResponseReturnValue:
    """Invite somebody; the mail goes out with the commit."""
    form = _form()
    if not form.validate():
        return _team(form), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        with transaction(db.session):
            invited = people.invite(
                db.session(),
                email=form.email.data,
                name=form.name.data,
                role=Role(form.role.data),
                partner=user().partner,
                language=form.language.data,
                actor=actor(),
                now=now(),
                programme=programme(),
            )
    except Refused as refused:
        form.refuse(refused)
        return _team(form), status_of(refused)
    flash(
        _("An invitation to %(name)s is on its way to %(email)s.", name=invited.name, email=invited.email), "success"
    )
    return redirect(url_for("partners.team"))


def _form() -> InvitationForm:
    form = InvitationForm()
    form.offer(PARTNER_ROLES)
    return form


def _team(form: InvitationForm) -> str:
    everybody = people.people_of(db.session(), actor())
    return render_template(
        "partners/team.html",
        form=form,
        users=everybody,
        tied=ties.tied_among(db.session(), everybody, settings().oidc_issuer),
        me=actor(),
        may_manage=actor().role is Role.GLOBAL_ADMIN,
    )
