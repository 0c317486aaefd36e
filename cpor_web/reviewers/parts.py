"""The parts of a claim's page: for each, what its templates call by name."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from flask_wtf import FlaskForm
from sqlalchemy import select

from cpor_web.claims import competing, preflight, queries, related, warning
from cpor_web.claims import proof as proofs
from cpor_web.claims.preflight import Key
from cpor_web.consent import rivals
from cpor_web.extensions import db
from cpor_web.models import Answer, Claim, Document, Event, Invitation, ProofCell, ReceivedMail, Round, User
from cpor_web.reviewers import filling, words
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
)
from cpor_web.rules import contacts
from cpor_web.rules.actions import Action
from cpor_web.rules.languages import LANGUAGES
from cpor_web.rules.statuses import ASSIGNABLE, Status
from cpor_web.web import downloads
from cpor_web.web.current import actor, programme, scanner_state

Content = dict[str, Any]
Cells = Mapping[Key, ProofCell]

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


def forms(
    claim: Claim, offered: frozenset[Action], *, cells: Cells, replies: Sequence[ReceivedMail], others: Sequence[User]
) -> dict[str, FlaskForm]:
    """Return the forms by their prefixes, as nobody has sent them; what the check of the proof found is filled in.

    `others` are those whom the claim can be given to.
    """
    empty = {prefix: form(formdata=None, prefix=prefix) for prefix, form in FORMS.items()}
    reply = ReplyForm(formdata=None, prefix="reply")
    reply.offer(claim)
    reply.evidence.data = "\n\n".join(each.words for each in replies)
    ask = AskForm(formdata=None, prefix="ask")
    ask.offer(claim, programme().catalogue)
    if Action.REQUEST_INFORMATION in offered:
        filling.fill_in(cells, programme().catalogue, ask, cast(RejectForm, empty["reject"]))
    assign = AssignForm(formdata=None, prefix="assign")
    assign.offer(others, may_give_back=claim.reviewer is not None)
    return {**empty, "reply": reply, "ask": ask, "assign": assign}


def proof(claim: Claim, documents: Sequence[Document], cells: Cells) -> Content:
    """Return the documents, and what the check of them has come to."""
    is_approved, since = claim.status is Status.APPROVED, claim.status_since
    return {
        "documents": documents,
        "downloads": proofs.downloads_of(db.session(), claim),
        "first_shown": next((each.id for each in documents if _opens_at_once(each)), None),
        "has_fresh_proof": is_approved and any(each.uploaded_at > since for each in documents),
        "is_unchecked": not any(cell.verdict for cell in cells.values()),
        "missing_cells": len(preflight.missing(cells)),
        "scanner": scanner_state(),
        "still_missing": preflight.STILL_MISSING,
    }


def consent(claim: Claim) -> Content:
    """Return the customer's contacts, and what they were asked and said."""
    session = db.session()
    return {
        "answers": answers_of(claim),
        "concerns": dict(concerns_of(claim)),
        "languages": LANGUAGES,
        "proposal": claim.proposed_contact,
        "rounds": queries.rounds_of(session, claim),
        "why_stopped": queries.why_stopped(session, claim),
    }


def others(claim: Claim) -> Content:
    """Return the claims around this one: those that it competes with, and what was or is to be decided over them."""
    session = db.session()
    found, decided_over = related.rivals(session, claim), competing.decisions_about(session, claim)
    goes_over = [each for each in found if each.claim.status is Status.APPROVED]
    ending = [claim, *(each.replacement.replaced for each in decided_over), *(each.claim for each in found)]
    return {
        "decided_over": decided_over,
        "denials": related.denials(session, claim) if claim.status in ASSIGNABLE else [],
        "endings": competing.endings(session, ending),
        "goes_over": goes_over,
        "lacking_yes": rivals.lacking_yes(session, [claim, *(each.claim for each in goes_over)]) if goes_over else (),
        "of_partner": related.of_partner(session, claim),
        "of_tenant": related.of_tenant(session, claim),
        "own_proof": related.newest_proof(session, [claim]).get(claim.id),
        "waits_too": [each for each in found if each.claim.status is not Status.APPROVED],
    }


def before(claim: Claim, documents: Sequence[Document]) -> Content:
    """Return what happened until now, and what was said and written of it."""
    session, reader = db.session(), actor()
    events = queries.history(session, claim, reader)
    return {
        "comments": queries.comments_of(session, claim),
        "decline": queries.decline_of(session, claim),
        "earlier": [event for event in events if event.kind in EARLIER],
        "mails": queries.mails_of(session, claim, reader),
        "noted": next((event for event in events if event.kind == "reply:noted"), None),
        "notes": queries.notes_of(session, claim),
        "resubmission": _resubmission(events, documents),
        "warned": warning.kept(session, claim),
    }


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


def _opens_at_once(document: Document) -> bool:
    """Tell whether a document that counts can be shown beside the grid."""
    counts = document.replaced_by_id is None and scanner_state().refusal(document) is None
    return counts and downloads.can_be_shown(document)


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
