"""How a partner answers the operator: it resubmits what more was asked of, and disputes a rejection."""

from http import HTTPStatus
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cpor_web import lifecycle
from cpor_web.accounts.access import allowed
from cpor_web.claims import filing, operations
from cpor_web.extensions import db
from cpor_web.partners.blueprint import bp
from cpor_web.partners.claim import page
from cpor_web.partners.forms import DisputeForm, ResubmissionForm
from cpor_web.partners.steps import asked, back, do, received
from cpor_web.rules.exc import Refused
from cpor_web.rules.roles import CLAIMANTS
from cpor_web.rules.statuses import Status
from cpor_web.transactions import transaction
from cpor_web.web.current import actor, now, programme
from cpor_web.web.one_claim import claim_or_404, seen


@bp.post("/claims/<reference>/resubmit")
@allowed(CLAIMANTS)
def resubmit(reference: str) -> ResponseReturnValue:
    """Hand the claim back to the reviewer; ask first where nothing, or words alone, came since they asked."""
    claim, form, version = claim_or_404(reference), ResubmissionForm(), seen()
    words = form.comment.data or ""
    try:
        lifecycle.check_seen(claim, version)
        provided = filing.provided(db.session(), claim) if claim.status is Status.PARTNER_ACTION_REQUIRED else None
        if provided and not (provided.has_additions or words or form.as_it_is.data):
            if "was_shown" in request.form:
                form.comment.errors = [_("Write to the reviewer, or confirm that there is nothing to add.")]
            more = {"form": form, "seen": version, "has_words": provided.has_words}
            return asked("partners/resubmit.html", claim, HTTPStatus.UNPROCESSABLE_ENTITY, **more)
        with transaction(db.session()):
            about: dict[str, Any] = {"actor": actor(), "now": now(), "programme": programme()}
            operations.resubmit(db.session(), claim, seen=version, **about)
            if words:
                operations.comment(db.session(), claim, words, **about)
    except Refused as refused:
        return page(claim, refused, comment=form)
    return back("resubmit", claim)


@bp.post("/claims/<reference>/dispute")
@allowed(CLAIMANTS)
def dispute(reference: str) -> ResponseReturnValue:
    """Dispute a rejection with words, a document, or both."""
    claim, form = claim_or_404(reference), DisputeForm()
    try:
        document = received(form.document.data) if form.document.data else None
        do(operations.dispute, claim, form.justification.data or "", document=document)
    except Refused as refused:
        return page(claim, refused, dispute=form)
    return back("dispute", claim)
