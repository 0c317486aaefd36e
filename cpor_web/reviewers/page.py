"""The page of one claim under review: everything on it, and its documents to be saved."""

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from markupsafe import Markup

from cpor_web import facts
from cpor_web.accounts.access import allowed
from cpor_web.claims import assigning, preflight, queries
from cpor_web.claims.next_steps import NextStep, next_step
from cpor_web.extensions import db
from cpor_web.lifecycle import changes_since
from cpor_web.models import Claim, RoundState
from cpor_web.reviewers import parts, received
from cpor_web.reviewers.blueprint import bp
from cpor_web.reviewers.forms import texts_of
from cpor_web.reviewers.queue_filter import within
from cpor_web.rules.actions import Action
from cpor_web.rules.exc import Invalid, NotAllowed, Refused, Stale, Unfinished
from cpor_web.rules.roles import REVIEWERS
from cpor_web.rules.statuses import ASSIGNABLE, WAITING_FOR_OPERATOR, Status
from cpor_web.silence import holding
from cpor_web.web import downloads
from cpor_web.web.current import actor, now, programme
from cpor_web.web.errors import sentence, status_of
from cpor_web.web.one_claim import claim_or_404, document_or_404, given

UNPROCESSABLE = 422

CONSTANTS: dict[str, Any] = {
    "Action": Action,
    "RoundState": RoundState,
    "approved": Status.APPROVED,
    "rejected": Status.REJECTED,
    "under_review": Status.UNDER_REVIEW,
    "waiting": WAITING_FOR_OPERATOR,
}
"""What the templates compare with."""


@bp.get("/<reference>")
@allowed(REVIEWERS)
def claim(reference: str) -> ResponseReturnValue:
    """Show the claim with everything that a decision needs."""
    return shown(claim_or_404(reference))


@bp.get("/<reference>/documents/<int:document_id>")
@allowed(REVIEWERS)
def download(reference: str, document_id: int) -> ResponseReturnValue:
    """Give a document as it was uploaded, to be saved, and note who was given it."""
    found = document_or_404(claim_or_404(reference), document_id)
    try:
        content = given(found)
    except NotAllowed as refusal:
        return refused(reference, refusal, {})
    return downloads.document(found, content)


def shown(claim: Claim, filled: dict[str, FlaskForm] | None = None, *, seen: int | None = None, **more: Any) -> str:
    """Render the page. `filled` are the forms that were, by prefix; `seen` is the version that they are about."""
    session, filled = db.session(), filled or {}
    offered = queries.offered(session, claim, actor=actor(), now=now(), programme=programme())
    documents, cells = queries.documents_of(session, claim), preflight.cells_of(session, claim)
    replies, others = received.unread(session, claim), assigning.reviewers_for(session, claim)
    empty = parts.forms(claim, offered, cells=cells, replies=replies, others=others)
    return render_template(
        "reviewers/claim.html",
        claim=claim,
        assessment=queries.assessment_of(session, claim),
        step=step_of(claim),
        offered=offered,
        holds=claim.reviewer_id == actor().user_id,
        may_assign=bool(others) or (claim.reviewer is not None and claim.status in ASSIGNABLE),
        replies=replies,
        forms={**empty, **filled},
        unsaved={prefix: typed for prefix, form in filled.items() if (typed := _typed(form))},
        seen=claim.version if seen is None else seen,
        within=within(),
        **parts.proof(claim, documents, cells),
        **parts.consent(claim),
        **parts.others(claim),
        **parts.before(claim, documents),
        **CONSTANTS,
        **more,
    )


def step_of(claim: Claim) -> NextStep:
    """Return what happens next with a claim."""
    session = db.session()
    assessment, is_held = queries.assessment_of(session, claim), holding.is_in_force(session)
    round_ = facts.latest_round(session, claim)
    return next_step(claim, round_, now=now(), assessment=assessment, is_held=is_held)


def invalid(claim: Claim, forms: dict[str, FlaskForm]) -> ResponseReturnValue:
    """Show the page with what was typed and what is wrong with it; a page that was too old stays too old."""
    return shown(claim, forms, seen=request.form.get("seen", type=int)), UNPROCESSABLE


def refused(reference: str, refusal: Refused, forms: dict[str, FlaskForm]) -> ResponseReturnValue:
    """Show the page as the claim now is, with the refusal, what came since, and everything that was typed."""
    claim = claim_or_404(reference)
    for form in forms.values():
        if isinstance(refusal, Unfinished):
            form.form_errors.append(_to_the_check(claim, refusal))
            return shown(claim, forms), status_of(refusal)
        if isinstance(refusal, Invalid) and refusal.field_name in form:
            form[refusal.field_name].errors = [sentence(refusal)]
            return shown(claim, forms, seen=request.form.get("seen", type=int)), status_of(refusal)
    changes = changes_since(db.session(), claim, refusal.since, actor()) if isinstance(refusal, Stale) else []
    return shown(claim, forms, refused=sentence(refusal), changes=changes), status_of(refusal)


def _typed(form: FlaskForm) -> str:
    return "\n\n".join(filter(None, texts_of(form)))


def _to_the_check(claim: Claim, refusal: Refused) -> Markup:
    check = url_for("reviewers.check_proof", reference=claim.reference, **within())
    return Markup('{} <a href="{}">{}</a>').format(sentence(refusal), check, _("Check the proof"))
