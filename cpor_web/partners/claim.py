"""A claim's page, and its documents to be saved."""

from http import HTTPStatus
from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms.fields.choices import SelectChoice

from cpor_web import facts, proofs
from cpor_web.accounts.access import allowed
from cpor_web.claims import competing, preflight, proof, queries, warning
from cpor_web.claims.next_steps import meaning, next_step
from cpor_web.claims.timeline import timeline
from cpor_web.claims.way import Who
from cpor_web.claims.writing import editable
from cpor_web.consent import stops
from cpor_web.extensions import db
from cpor_web.models import (
    OPEN_STATES,
    AssessmentState,
    Claim,
    CustomerContact,
    Document,
    Event,
    Round,
    RoundState,
)
from cpor_web.partners.blueprint import bp
from cpor_web.partners.details import details
from cpor_web.partners.forms import CommentForm, DisputeForm, UploadForm
from cpor_web.partners.refusals import told_at_its_field, words_of
from cpor_web.rules.actions import Action
from cpor_web.rules.draft_checks import Finding
from cpor_web.rules.exc import NotAllowed, Refused
from cpor_web.rules.fields import LABELS, takes_proof
from cpor_web.rules.reasons import Rejection
from cpor_web.rules.roles import CLAIMANTS, PARTNER_ROLES
from cpor_web.rules.statuses import WAITING_FOR_PARTNER, Status
from cpor_web.rules.words import N_
from cpor_web.silence import holding
from cpor_web.web import downloads
from cpor_web.web.current import actor, now, programme, scanner_state, settings
from cpor_web.web.errors import status_of
from cpor_web.web.languages import moment
from cpor_web.web.one_claim import claim_or_404, document_or_404, given

ASSESSED = {
    AssessmentState.QUEUED: N_("Being assessed"),
    AssessmentState.ELIGIBLE: N_("Eligible"),
    AssessmentState.NOT_ELIGIBLE: N_("Not eligible"),
}


@bp.get("/claims/<reference>")
@allowed(PARTNER_ROLES)
def claim(reference: str) -> ResponseReturnValue:
    """Show a claim: where it stands, what happens next, and everything in it."""
    return page(claim_or_404(reference))


@bp.get("/claims/<reference>/documents/<int:document_id>")
@allowed(PARTNER_ROLES)
def download(reference: str, document_id: int) -> ResponseReturnValue:
    """Give back a document as it was uploaded, to be saved, and note who was given it."""
    claim = claim_or_404(reference)
    found = document_or_404(claim, document_id)
    try:
        content = given(found)
    except NotAllowed as refused:
        return page(claim, refused)
    return downloads.document(found, content)


def page(claim: Claim, refused: Refused | None = None, **sent: FlaskForm) -> ResponseReturnValue:
    """Render the claim's page. What was refused is told there, with the form that was `sent` as it was typed."""
    content = _content(claim)
    told: dict[str, Any] = {}
    if refused is not None and not any(told_at_its_field(refused, form) for form in sent.values()):
        told = words_of(claim, refused)
    if "dispute" in sent and Action.DISPUTE not in content["offered"]:
        told["typed"] = sent["dispute"].justification.data  # its form is not on the page any more
    if content["can_upload"]:
        proofs.expect()
    forms = _forms(content, sent)
    html = render_template("partners/claim.html", claim=claim, forms=forms, **content, **told)
    return html, status_of(refused) if refused else HTTPStatus.OK


def _forms(content: dict[str, Any], sent: dict[str, FlaskForm]) -> dict[str, FlaskForm]:
    upload = sent.get("upload") or UploadForm(formdata=None)
    numbers = content["document_numbers"]
    current = [
        SelectChoice(str(each.id), _name_of(each, numbers[each.id]))
        for each in content["documents"]
        if not each.replaced_by_id
    ]
    upload.replaces.choices = [SelectChoice("", _("No other document")), *current]
    if not current and not upload.replaces.errors:
        del upload.replaces
    return {"comment": CommentForm(formdata=None), "dispute": DisputeForm(formdata=None), **sent, "upload": upload}


def _name_of(document: Document, number: int) -> str:
    """Return how a document is told from others of the same name."""
    return _(
        "%(number)s: %(filename)s, uploaded %(moment)s",
        number=number,
        filename=document.filename,
        moment=moment(document.uploaded_at),
    )


def stopped_round(claim: Claim) -> Round | None:
    """Return the claim's consent period if it stands still, so that a right contact can be named."""
    round_ = facts.latest_round(db.session(), claim)
    return round_ if round_ is not None and round_.state is RoundState.STOPPED else None


def astray_in(round_: Round) -> list[tuple[CustomerContact, str]]:
    """Return the contacts instead of whom others are needed, each with the sentence (a msgid) that says why."""
    return stops.who_is_astray(db.session(), round_)


def _content(claim: Claim) -> dict[str, Any]:
    session = db.session()
    round_ = facts.latest_round(session, claim)
    is_claimant = actor().role in CLAIMANTS
    was_declined = claim.rejection is Rejection.CUSTOMER_DECLINE
    documents = queries.documents_of(session, claim)
    assessment = queries.assessment_of(session, claim)
    step = next_step(claim, round_, now=now(), assessment=assessment, is_held=holding.is_in_force(session))
    return {
        "Action": Action,
        "Who": Who,
        "Status": Status,
        "asked": _unanswered(claim),
        "assessment": assessment,
        "astray": astray_in(round_) if round_ is not None and round_.state is RoundState.STOPPED else [],
        "assessment_labels": ASSESSED,
        "can_claim": is_claimant,
        "can_edit": is_claimant and bool(editable(claim, programme())),
        "can_upload": is_claimant and takes_proof(claim.status, programme().correctable_in),
        "can_name_contact": is_claimant and round_ is not None and round_.state is RoundState.STOPPED,
        "comments": queries.comments_of(session, claim),
        "declined_by_customer": was_declined,
        "decided_against": competing.decided_against(session, claim),
        "ending": competing.endings(session, [claim]).get(claim.id),
        "decided_for": competing.decided_for(session, claim),
        "decline": queries.decline_of(session, claim),
        "details": details(claim, programme().catalogue),
        "disputed": _last(claim, "claim:disputed") if claim.is_disputed else None,
        "documents": documents,
        "downloads": proof.downloads_of(session, claim),
        "gaps": preflight.gaps(claim, preflight.cells_of(session, claim)),
        "places": preflight.keys_of(claim),
        "scanner": scanner_state(),
        "document_numbers": queries.numbers_of(documents),
        "is_provisional": round_ is not None and round_.state in OPEN_STATES,
        "life": timeline(session, claim, step),
        "mails": queries.mails_of(session, claim, actor()),
        "meaning": meaning(claim),
        "missing": _missing(claim, has_proof=bool(documents)) if claim.status in WAITING_FOR_PARTNER else [],
        "now": now(),
        "proposal": claim.proposed_contact if round_ is not None and round_.state is RoundState.STOPPED else None,
        "removable": {each.id for each in documents if is_claimant and proof.lets_go(claim, each)},
        "offered": queries.offered(session, claim, actor=actor(), now=now(), programme=programme()),
        "labels": LABELS,
        "looked_for": preflight.LOOKED_FOR,
        "step": step,
        "upload_mib": settings().upload_mib,
        "warnings": _warnings(claim),
        "was_asked": round_ is not None,
        "withdrawn": _last(claim, "claim:withdrawn") if claim.rejection is Rejection.PARTNER_REQUEST else None,
        "was_submitted": claim.first_submitted_at is not None,
    }


def _warnings(claim: Claim) -> list[Finding]:
    """Return what the partner is to look at while the claim can still be submitted."""
    if claim.status not in WAITING_FOR_PARTNER:
        return []
    return warning.of_claim(db.session(), claim, now=now(), programme=programme())


def _unanswered(claim: Claim) -> Event | None:
    """Return the request that the partner has to answer, or has lost the claim by not answering; None elsewhere."""
    is_over = claim.status is Status.REJECTED and claim.rejection is Rejection.NO_PARTNER_RESPONSE
    if claim.status is not Status.PARTNER_ACTION_REQUIRED and not is_over:
        return None
    asked, answered = _last(claim, "claim:information-requested"), _last(claim, "claim:resubmitted")
    is_answered = asked is not None and answered is not None and answered.position > asked.position
    return None if is_answered else asked


def _last(claim: Claim, kind: str) -> Event | None:
    return next(iter(queries.history(db.session(), claim, actor(), kind=kind)), None)


def _missing(claim: Claim, *, has_proof: bool) -> list[tuple[str, str]]:
    """Return label and address of everything that keeps a claim from being submitted."""
    form = url_for("partners.edit_claim", reference=claim.reference)
    missing = [(LABELS[name], f"{form}#{name}") for name in facts.missing_fields(claim, programme())]
    return missing if has_proof else [*missing, (N_("Proof of execution"), "#document")]
