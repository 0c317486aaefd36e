"""The page of one claim under review: everything on it, and its documents to be saved."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from markupsafe import Markup
from sqlalchemy import select

from cpor_web import facts
from cpor_web.accounts.access import allowed
from cpor_web.claims import assigning, competing, preflight, proof, queries, related, warning
from cpor_web.claims.next_steps import NextStep, next_step
from cpor_web.consent import rivals
from cpor_web.extensions import db
from cpor_web.lifecycle import changes_since
from cpor_web.models import Answer, Claim, Document, Event, Invitation, Round, RoundState
from cpor_web.reviewers import filling, received, words
from cpor_web.reviewers.blueprint import bp
from cpor_web.reviewers.forms import (
    ApproveForm,
    AskForm,
    AssignForm,
    CommentForm,
    GoOnForm,
    NoteForm,
    RejectForm,
    ReplyForm,
    TurnDownForm,
    texts_of,
)
from cpor_web.reviewers.queue_filter import within
from cpor_web.rules import contacts
from cpor_web.rules.actions import Action
from cpor_web.rules.exc import Invalid, NotAllowed, Refused, Stale, Unfinished
from cpor_web.rules.languages import LANGUAGES
from cpor_web.rules.roles import REVIEWERS
from cpor_web.rules.statuses import ASSIGNABLE, WAITING_FOR_OPERATOR, Status
from cpor_web.silence import holding
from cpor_web.web import downloads
from cpor_web.web.current import actor, now, programme, scanner_state
from cpor_web.web.errors import sentence, status_of
from cpor_web.web.one_claim import claim_or_404, document_or_404, given

UNPROCESSABLE = 422

FORMS: dict[str, type[FlaskForm]] = {
    "approve": ApproveForm,
    "reject": RejectForm,
    "comment": CommentForm,
    "note": NoteForm,
    "turn-down": TurnDownForm,
    "go-on": GoOnForm,
}
"""The forms of the page by their prefixes; those to ask, and of a reply, also offer what is the claim's."""

EARLIER = frozenset(
    {"claim:information-requested", "claim:resubmitted", "claim:rejected", "claim:disputed", "claim:withdrawn"}
)
"""What of a claim's history tells of its earlier rounds."""


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


def shown(claim: Claim, forms: dict[str, FlaskForm] | None = None, *, seen: int | None = None, **more: Any) -> str:
    """Render the page. `forms` are those that were filled in, by prefix; `seen` is the version they are about."""
    session, reader = db.session(), actor()
    events = queries.history(session, claim, reader)
    assessment = queries.assessment_of(session, claim)
    replies = received.unread(session, claim)
    reply = ReplyForm(formdata=None, prefix="reply")
    reply.offer(claim)
    ask = AskForm(formdata=None, prefix="ask")
    ask.offer(claim, programme().catalogue)
    reply.evidence.data = "\n\n".join(each.words for each in replies)
    empty = {prefix: form(formdata=None, prefix=prefix) for prefix, form in FORMS.items()}
    assignable = assigning.reviewers_for(session, claim)
    assign = AssignForm(formdata=None, prefix="assign")
    assign.offer(assignable, may_give_back=claim.reviewer is not None)
    empty |= {"reply": reply, "ask": ask, "assign": assign}
    offered = queries.offered(session, claim, actor=reader, now=now(), programme=programme())
    proofs = queries.documents_of(session, claim)
    cells, found = preflight.cells_of(session, claim), related.rivals(session, claim)
    goes_over = [each for each in found if each.claim.status is Status.APPROVED]
    decided_over = competing.decisions_about(session, claim)
    both = [claim, *(each.replacement.replaced for each in decided_over)]
    if Action.REQUEST_INFORMATION in offered:
        filling.fill_in(cells, programme().catalogue, ask, cast(RejectForm, empty["reject"]))
    return render_template(
        "reviewers/claim.html",
        Action=Action,
        answers=answers_of(claim),
        assessment=assessment,
        may_assign=bool(assignable) or (claim.reviewer is not None and claim.status in ASSIGNABLE),
        claim=claim,
        comments=queries.comments_of(session, claim),
        concerns=dict(concerns_of(claim)),
        decided_over=decided_over,
        denials=related.denials(session, claim) if claim.status in ASSIGNABLE else [],
        decline=queries.decline_of(session, claim),
        documents=proofs,
        downloads=proof.downloads_of(session, claim),
        scanner=scanner_state(),
        endings=competing.endings(session, [*both, *(each.claim for each in found)]),
        earlier=[event for event in events if event.kind in EARLIER],
        first_shown=next((each.id for each in proofs if _opens_at_once(each)), None),
        forms={**empty, **(forms or {})},
        languages=LANGUAGES,
        is_unchecked=not any(cell.verdict for cell in cells.values()),
        has_fresh_proof=claim.status is Status.APPROVED and any(p.uploaded_at > claim.status_since for p in proofs),
        holds=claim.reviewer_id == reader.user_id,
        mails=queries.mails_of(session, claim, reader),
        noted=next((event for event in events if event.kind == "reply:noted"), None),
        notes=queries.notes_of(session, claim),
        approved=Status.APPROVED,
        goes_over=goes_over,
        lacking_yes=rivals.lacking_yes(session, [claim, *(each.claim for each in goes_over)]) if goes_over else (),
        waits_too=[each for each in found if each.claim.status is not Status.APPROVED],
        missing_cells=len(preflight.missing(cells)),
        of_partner=related.of_partner(session, claim),
        of_tenant=related.of_tenant(session, claim),
        offered=offered,
        own_proof=related.newest_proof(session, [claim]).get(claim.id),
        proposal=claim.proposed_contact,
        replies=replies,
        rounds=queries.rounds_of(session, claim),
        still_missing=preflight.STILL_MISSING,
        unsaved={prefix: typed for prefix, form in (forms or {}).items() if (typed := _typed(form))},
        rejected=Status.REJECTED,
        resubmission=_resubmission(events, proofs),
        seen=claim.version if seen is None else seen,
        step=step_of(claim),
        RoundState=RoundState,
        under_review=Status.UNDER_REVIEW,
        waiting=WAITING_FOR_OPERATOR,
        warned=warning.kept(session, claim),
        why_stopped=queries.why_stopped(session, claim),
        within=within(),
        **more,
    )


class Resubmission(NamedTuple):
    """That a claim came back: when, after what was asked, and what proof came since that."""

    at: datetime
    asked: Event
    fresh: Sequence[Document]


def _resubmission(events: Sequence[Event], proofs: Sequence[Document]) -> Resubmission | None:
    """Return the resubmission that is to be decided on, of a claim's history and proof, the newest first."""
    turns = [event for event in events if event.kind in EARLIER]
    if not turns or turns[0].kind != "claim:resubmitted":
        return None
    asked = next(event for event in turns if event.kind == "claim:information-requested")
    return Resubmission(turns[0].at, asked, [each for each in proofs if each.uploaded_at > asked.at])


def step_of(claim: Claim) -> NextStep:
    """Return what happens next with a claim."""
    session = db.session()
    assessment, is_held = queries.assessment_of(session, claim), holding.is_in_force(session)
    round_ = facts.latest_round(session, claim)
    return next_step(claim, round_, now=now(), assessment=assessment, is_held=is_held)


def _opens_at_once(document: Document) -> bool:
    """Tell whether a document that counts can be shown beside the grid."""
    counts = document.replaced_by_id is None and scanner_state().refusal(document) is None
    return counts and downloads.can_be_shown(document)


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


def concerns_of(claim: Claim) -> Iterator[tuple[int, str]]:
    """Yield id and sentence for every contact whose address needs a reviewer's eye."""
    domain, own = claim.customer_domain or "", claim.partner.domains
    for contact in claim.all_contacts:
        concern = contacts.concern(contact.email, customer_domain=domain, partner_domains=own)
        if concern is not None:
            yield contact.id, words.CONCERNS[concern]


def answers_of(claim: Claim) -> dict[int, list[Answer]]:
    """Return what customer contacts said, by the id of the round, in order."""
    query = (
        select(Round.id, Answer)
        .join(Invitation, Invitation.round_id == Round.id)
        .join(Answer, Answer.invitation_id == Invitation.id)
        .where(Round.claim_id == claim.id)
        .order_by(Answer.id)
    )
    answers: dict[int, list[Answer]] = defaultdict(list)
    for round_id, answer in db.session.execute(query):
        answers[round_id].append(answer)
    return answers
