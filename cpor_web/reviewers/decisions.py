"""What a reviewer does to a claim. Each view is one verb; a refusal shows the page again with all that was typed."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session

from cpor_web.accounts.access import allowed
from cpor_web.claims import assigning, operations, preflight
from cpor_web.extensions import db
from cpor_web.models import Claim
from cpor_web.reviewers import filling, page
from cpor_web.reviewers.blueprint import bp
from cpor_web.reviewers.forms import ApproveForm, AskForm, AssignForm, RejectForm
from cpor_web.reviewers.queue_filter import within
from cpor_web.reviewers.taking import next_after
from cpor_web.rules.exc import Refused
from cpor_web.rules.reasons import Request
from cpor_web.rules.roles import REVIEWERS
from cpor_web.transactions import transaction
from cpor_web.web.current import actor, now, programme
from cpor_web.web.one_claim import claim_or_404, seen

THEN_NEXT = "next"
"""What the second button of a decision says in `then`: the next claim is taken with the same press."""


@bp.post("/<reference>/start-review")
@allowed(REVIEWERS)
def start_review(reference: str) -> ResponseReturnValue:
    """Begin; the claim is then this reviewer's."""
    return do(reference, operations.start_review, _("The review has started. The claim is yours."))


@bp.post("/<reference>/take-over")
@allowed(REVIEWERS)
def take_over(reference: str) -> ResponseReturnValue:
    """Take the claim from its reviewer."""
    holder = claim_or_404(reference).reviewer
    taken = _("You hold the claim now.")
    if holder is not None:
        taken = _("You hold the claim now. %(name)s held it before, and no mail tells of it.", name=holder.name)
    return do(reference, operations.take_over, taken)


@bp.post("/<reference>/assign")
@allowed(REVIEWERS)
def assign(reference: str) -> ResponseReturnValue:
    """Give the claim to a reviewer, or back to the queue."""
    claim, form = claim_or_404(reference), AssignForm(prefix="assign")
    form.offer(assigning.reviewers_for(db.session(), claim), may_give_back=claim.reviewer is not None)
    if not form.validate():
        return page.invalid(claim, {"assign": form})

    def verb(session: Session, claim: Claim, *, programme: object, **about: Any) -> None:
        if form.reviewer_id is None:
            operations.give_back(session, claim, **about)
        else:
            operations.assign(session, claim, form.reviewer_id, **about)

    given = _("%(name)s has the claim now. No mail tells of it: it stands in the queue under “Mine”.", name=form.name)
    done = given if form.reviewer_id else _("The claim is given back: nobody has it now.")
    return do(reference, verb, done, {"assign": form})


@bp.post("/<reference>/approve")
@allowed(REVIEWERS)
def approve(reference: str) -> ResponseReturnValue:
    """Approve; the customer is asked. Over another partner's association only with a rationale."""
    form = ApproveForm(prefix="approve")
    if not form.validate():
        return page.invalid(claim_or_404(reference), {"approve": form})

    def verb(session: Session, claim: Claim, **about: Any) -> None:
        operations.approve(session, claim, rationale=form.rationale.data or "", **about)

    return do(reference, verb, _("Approved. The customer is asked by mail."), {"approve": form})


@bp.post("/<reference>/reject")
@allowed(REVIEWERS)
def reject(reference: str) -> ResponseReturnValue:
    """Reject with a reason and a comment."""
    form = RejectForm(prefix="reject")
    if not all([form.validate(), form.keeps(_composed(reference))]):  # both, so that all is told at once
        return page.invalid(claim_or_404(reference), {"reject": form})

    def verb(session: Session, claim: Claim, **about: Any) -> None:
        operations.reject(session, claim, form.rejection, form.comment.data, **about)

    return do(reference, verb, _("Rejected. The partner is told why."), {"reject": form})


@bp.post("/<reference>/request-information")
@allowed(REVIEWERS)
def request_information(reference: str) -> ResponseReturnValue:
    """Ask the partner for more."""
    form = AskForm(prefix="ask")
    form.offer(claim_or_404(reference), programme().catalogue)
    if not all([form.validate(), form.keeps(_composed(reference))]):  # both, so that all is told at once
        return page.invalid(claim_or_404(reference), {"ask": form})

    def verb(session: Session, claim: Claim, **about: Any) -> None:
        words, products = form.comment.data or "", form.concerned
        operations.request_information(session, claim, form.asks, words, products=products, **about)

    return do(reference, verb, _("The partner is asked, and has the claim now."), {"ask": form})


@bp.post("/<reference>/contacts/<int:contact_id>/confirm")
@allowed(REVIEWERS)
def confirm_contact(reference: str, contact_id: int) -> ResponseReturnValue:
    """Confirm a customer contact whose address needs a reviewer's eye."""

    def verb(session: Session, claim: Claim, *, programme: object, **about: Any) -> None:
        operations.confirm_contact(session, claim, contact_id, **about)

    return do(reference, verb, _("The contact is confirmed."))


def _composed(reference: str) -> dict[Request, str]:
    """Return what the partner is to read of the check of the proof; what lacks words is refused later."""
    cells = preflight.cells_of(db.session(), claim_or_404(reference)).items()
    return filling.composed({key: cell for key, cell in cells if not cell.is_unfinished}, programme().catalogue)


def do(
    reference: str, verb: Callable[..., None], done: str, forms: dict[str, FlaskForm] | None = None
) -> ResponseReturnValue:
    """Let `verb` happen to the claim and say so with `done`, or show why it was refused."""
    claim = claim_or_404(reference)
    try:
        with transaction(db.session):
            verb(db.session(), claim, actor=actor(), now=now(), programme=programme(), seen=seen())
    except Refused as refusal:
        return page.refused(reference, refusal, forms or {})
    if request.form.get("then") == THEN_NEXT:  # it is told on another claim's page
        flash(_("%(name)s: %(problem)s", name=reference, problem=done), "success")
        return redirect(next_after(reference))
    flash(done, "success")
    return redirect(url_for("reviewers.claim", reference=reference, **within()))
