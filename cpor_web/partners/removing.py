"""What a partner takes back before it is handed in: a document."""

from http import HTTPStatus

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from cpor_web.accounts.access import allowed
from cpor_web.claims import operations, proof, queries
from cpor_web.extensions import db
from cpor_web.partners.blueprint import bp
from cpor_web.partners.claim import page
from cpor_web.rules.exc import NotAllowed, Refused
from cpor_web.rules.roles import CLAIMANTS
from cpor_web.transactions import transaction
from cpor_web.web.current import actor, now
from cpor_web.web.one_claim import claim_or_404, seen


@bp.route("/claims/<reference>/documents/<int:document_id>/remove", methods=["GET", "POST"])
@allowed(CLAIMANTS)
def remove_document(reference: str, document_id: int) -> ResponseReturnValue:
    """Ask, then take a document off what was not handed in yet."""
    claim, form = claim_or_404(reference), FlaskForm()
    document = queries.document_of(db.session(), claim, document_id) or abort(404)
    if not form.is_submitted():
        if not proof.lets_go(claim, document):
            return page(claim, NotAllowed(proof.KEPT))
        return render_template("partners/remove_document.html", claim=claim, document=document), HTTPStatus.OK
    name = document.filename
    try:
        with transaction(db.session):
            operations.take_off(db.session(), claim, document, actor=actor(), now=now(), seen=seen())
    except Refused as refused:
        return page(claim, refused)
    flash(_("The document %(filename)s was removed.", filename=name), "success")
    return redirect(url_for("partners.claim", reference=claim.reference, _anchor="proof"))
