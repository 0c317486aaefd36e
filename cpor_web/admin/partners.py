"""Partners: their names and domains. Their MPN IDs are in `mpn_ids`."""

from http import HTTPStatus

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from cpor_web.accounts.access import allowed
from cpor_web.admin.blueprint import bp
from cpor_web.admin.forms import ChangePartnerForm, MpnIdForm, PartnerForm
from cpor_web.extensions import db
from cpor_web.models import Partner, User
from cpor_web.rules.exc import Invalid
from cpor_web.rules.roles import Role
from cpor_web.transactions import transaction
from cpor_web.users import organisations
from cpor_web.web.errors import sentence, status_of
from cpor_web.web.left_open import Meanwhile


@bp.get("/partners")
@allowed(Role.ADMINISTRATOR)
def partners() -> ResponseReturnValue:
    """List the partners, and offer to add one."""
    return _partners(PartnerForm())


@bp.post("/partners")
@allowed(Role.ADMINISTRATOR)
def add_partner() -> ResponseReturnValue:
    """Enter a partner."""
    form = PartnerForm()
    if not form.validate():
        return _partners(form), HTTPStatus.UNPROCESSABLE_ENTITY
    domains = organisations.domains_in(form.domains.data)
    try:
        with transaction(db.session):
            added = organisations.add_partner(db.session(), name=form.name.data, domains=domains)
    except Invalid as invalid:
        form[invalid.field_name].errors = [sentence(invalid)]
        return _partners(form), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(_("%(name)s was added.", name=added.name), "success")
    return redirect(url_for("administration.partner", partner_id=added.id))


@bp.get("/partners/<int:partner_id>")
@allowed(Role.ADMINISTRATOR)
def partner(partner_id: int) -> ResponseReturnValue:
    """Show one partner with its MPN IDs and users."""
    return partner_page(partner_or_404(partner_id), MpnIdForm())


@bp.route("/partners/<int:partner_id>/edit", methods=["GET", "POST"])
@allowed(Role.ADMINISTRATOR)
def edit_partner(partner_id: int) -> ResponseReturnValue:
    """Change name and domains. They count from then on: contacts that were accepted stay."""
    owner = partner_or_404(partner_id)
    name, form = owner.name, ChangePartnerForm(_stored(owner))
    if not form.is_submitted():
        return _editing(partner_id, name, form)
    if not form.validate():
        return _editing(partner_id, name, form), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        with transaction(db.session):
            owner = organisations.held(db.session(), Partner, partner_id) or abort(404)
            form.merge(_stored(owner))
            domains = organisations.domains_in(form.domains.data)
            organisations.change_partner(db.session(), owner, name=form.name.data, domains=domains)
    except Invalid as invalid:
        form[invalid.field_name].errors = [sentence(invalid)]
        return _editing(partner_id, name, form), HTTPStatus.UNPROCESSABLE_ENTITY
    except Meanwhile as refused:
        return _editing(partner_id, name, form), status_of(refused)
    flash(_("Saved."), "success")
    return redirect(url_for("administration.partner", partner_id=partner_id))


def partner_or_404(partner_id: int) -> Partner:
    """Return the partner that an address names."""
    return db.session.get(Partner, partner_id) or abort(404)


def partner_page(owner: Partner, form: MpnIdForm) -> str:
    """Return the page of one partner, with the form for a new MPN ID."""
    people = select(User).where(User.partner_id == owner.id).order_by(func.lower(User.name))
    return render_template("admin/partner.html", partner=owner, users=db.session.scalars(people).all(), form=form)


def _partners(form: PartnerForm) -> str:
    every = select(Partner).options(selectinload(Partner.mpn_ids)).order_by(func.lower(Partner.name))
    return render_template("admin/partners.html", partners=db.session.scalars(every).all(), form=form)


def _stored(owner: Partner) -> dict[str, str]:
    return {"name": owner.name, "domains": ", ".join(owner.domains)}


def _editing(partner_id: int, name: str, form: ChangePartnerForm) -> str:
    return render_template("admin/edit_partner.html", partner_id=partner_id, name=name, form=form)
