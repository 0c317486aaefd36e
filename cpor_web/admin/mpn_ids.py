"""The MPN IDs of partners."""

from http import HTTPStatus

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cpor_web.accounts.access import allowed
from cpor_web.admin.blueprint import bp
from cpor_web.admin.forms import ChangeMpnIdForm, MpnIdForm
from cpor_web.admin.partners import partner_or_404, partner_page
from cpor_web.extensions import db
from cpor_web.models import MpnId, MpnKind
from cpor_web.rules.exc import Invalid, NotAllowed
from cpor_web.rules.roles import Role
from cpor_web.transactions import transaction
from cpor_web.users import organisations
from cpor_web.web.errors import sentence, status_of
from cpor_web.web.left_open import Meanwhile


@bp.post("/partners/<int:partner_id>/mpn-ids")
@allowed(Role.ADMINISTRATOR)
def add_mpn_id(partner_id: int) -> ResponseReturnValue:
    """Enter an MPN ID; an unusual number is taken with a warning."""
    owner, form = partner_or_404(partner_id), MpnIdForm()
    if not form.validate():
        return partner_page(owner, form), HTTPStatus.UNPROCESSABLE_ENTITY
    kind, place = MpnKind(form.kind.data), form.place.data
    try:
        with transaction(db.session):
            added = organisations.add_mpn_id(db.session(), owner, number=form.number.data, kind=kind, place=place)
    except Invalid as invalid:
        form[invalid.field_name].errors = [sentence(invalid)]
        return partner_page(partner_or_404(partner_id), form), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(_("MPN ID %(number)s was added.", number=added.number), "success")
    if not organisations.is_usual(added):
        digits = organisations.USUAL_DIGITS
        flash(_("Check it once more: an MPN ID usually has %(digits)s digits.", digits=digits), "warning")
    return _back(partner_id)


@bp.route("/mpn-ids/<int:mpn_id_id>", methods=["GET", "POST"])
@allowed(Role.ADMINISTRATOR)
def mpn_id(mpn_id_id: int) -> ResponseReturnValue:
    """Show an MPN ID, and change its kind and place. Its number is what claims are filed under, and stays."""
    found = _mpn_id_or_404(mpn_id_id)
    form = ChangeMpnIdForm(_stored(found))
    if not form.is_submitted():
        return _page(found, form)
    if not form.validate():
        return _page(found, form), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        with transaction(db.session):
            found = organisations.held(db.session(), MpnId, mpn_id_id) or abort(404)
            form.merge(_stored(found))
            organisations.change_mpn_id(db.session(), found, kind=MpnKind(form.kind.data), place=form.place.data)
    except Meanwhile as refused:
        return _page(found, form), status_of(refused)
    flash(_("Saved."), "success")
    return _back(found.partner_id)


@bp.post("/mpn-ids/<int:mpn_id_id>/remove")
@allowed(Role.ADMINISTRATOR)
def remove_mpn_id(mpn_id_id: int) -> ResponseReturnValue:
    """Remove an MPN ID that no claim uses."""
    found = _mpn_id_or_404(mpn_id_id)
    number, partner_id = found.number, found.partner_id
    try:
        with transaction(db.session):
            organisations.remove_mpn_id(db.session(), found)
    except NotAllowed as refused:
        flash(sentence(refused), "error")
        return redirect(url_for("administration.mpn_id", mpn_id_id=mpn_id_id))
    flash(_("MPN ID %(number)s was removed.", number=number), "success")
    return _back(partner_id)


def _mpn_id_or_404(mpn_id_id: int) -> MpnId:
    return db.session.get(MpnId, mpn_id_id) or abort(404)


def _stored(found: MpnId) -> dict[str, str]:
    return {"kind": found.kind.value, "place": found.place}


def _page(found: MpnId, form: ChangeMpnIdForm) -> str:
    return render_template("admin/mpn_id.html", mpn_id=found, form=form)


def _back(partner_id: int) -> ResponseReturnValue:
    return redirect(url_for("administration.partner", partner_id=partner_id))
