"""What can be seen of claims, and by whom. Objects are loaded through the actor: another's claim does not exist."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Select, and_, any_, bindparam, false, or_, select, true
from sqlalchemy.orm import Session, selectinload

from cpor_web import facts
from cpor_web.claims.listed import ListedClaim, QueuedClaim
from cpor_web.claims.references import normalised
from cpor_web.database import keyset
from cpor_web.database.keyset import Page
from cpor_web.emails.condition import needs_a_person
from cpor_web.models import (
    Assessment,
    AssessmentState,
    Claim,
    Comment,
    Document,
    Event,
    Mail,
    MailState,
    Note,
    Round,
    RoundState,
)
from cpor_web.programme import Programme
from cpor_web.rules import deadlines, transitions
from cpor_web.rules.actions import Action
from cpor_web.rules.reasons import Rejection
from cpor_web.rules.roles import PARTNER_ROLES, REVIEWERS, Actor, Role
from cpor_web.rules.statuses import WAITING_FOR_OPERATOR, Status

PAGE = 50
# Made once, and of one text however many are asked for, so that it is prepared.
_IDS = bindparam("ids", type_=ARRAY(BigInteger))
_CLAIMS = select(Claim).where(Claim.id == any_(_IDS))
_ROUNDS = select(Round).where(Round.claim_id == any_(_IDS)).order_by(Round.number)
_ASSESSMENTS = select(Assessment).where(Assessment.claim_id == any_(_IDS))


def claims_of(actor: Actor, status: Status | None = None) -> Select[Claim]:
    """Return the query of every claim that the actor may see: a partner its own, a reviewer all but drafts.

    Of one status where it is given; as only drafts are deleted, others need not be looked at to count them.
    """
    return claims_for(actor.role, actor.partner_id, status)


def claims_for(role: Role, partner_id: Any, status: Status | None = None) -> Select[Claim]:
    """Return the same by role and partner; the partner may be what a kept statement calls it."""
    claims = select(Claim) if status is None else select(Claim).where(Claim.status == status)
    if status in {None, Status.EDITING}:
        claims = claims.where(Claim.deleted_at.is_(None))
    if role in REVIEWERS:
        return claims.where(Claim.status != Status.EDITING if status is None else _are_no_drafts(status))
    assert role in PARTNER_ROLES, "customers and the system look at no lists"
    return claims.where(Claim.partner_id == partner_id)


def _are_no_drafts(status: Status) -> ColumnElement[bool]:
    return false() if status is Status.EDITING else true()


def claim_of(session: Session, actor: Actor, reference: str) -> Claim | None:
    """Return the claim with this reference, or None where there is none that the actor may see."""
    return session.scalar(claims_of(actor).where(Claim.reference == normalised(reference)))


def claims_by_id(session: Session, ids: Sequence[int]) -> list[Claim]:
    """Return the claims with these ids, in their order; whoever asks has seen to it who may see them."""
    found = {claim.id: claim for claim in session.scalars(_CLAIMS, {"ids": ids})} if ids else {}
    return [found[id_] for id_ in ids if id_ in found]


def references_of(session: Session, actor: Actor, ids: Iterable[int | None]) -> dict[int, str]:
    """Return the references of those of these claims that the actor may see, by their ids."""
    claims = claims_of(actor).where(Claim.id.in_({id_ for id_ in ids if id_ is not None}))
    return dict(session.execute(claims.with_only_columns(Claim.id, Claim.reference)).all())


def is_overdue(claim: Claim | ListedClaim | QueuedClaim, now: datetime) -> bool:
    """Tell whether the operator has missed the claim's deadline."""
    due = claim.due_at if claim.status in WAITING_FOR_OPERATOR else None
    return due is not None and deadlines.has_passed(due, now)


def overdue(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the same as a condition of the claim in the statement."""
    return and_(Claim.status.in_(WAITING_FOR_OPERATOR), Claim.due_at <= now - deadlines.ONE_SECOND)


def offered(
    session: Session, claim: Claim, *, actor: Actor, now: datetime, programme: Programme
) -> frozenset[Action]:
    """Return the actions that a page may offer the actor: what the table allows at this moment."""
    known = facts.of(session, claim, actor=actor, now=now, programme=programme)
    return transitions.offered(claim.status, actor.role, known)


def documents_of(session: Session, claim: Claim) -> Sequence[Document]:
    """Return the claim's proof, the newest first."""
    return session.scalars(select(Document).where(Document.claim_id == claim.id).order_by(Document.id.desc())).all()


def numbers_of(documents: Sequence[Document]) -> dict[int, int]:
    """Return by which numbers the claim's documents are told apart, by their ids; the oldest is 1."""
    return {each.id: number for number, each in enumerate(reversed(documents), 1)}


def document_of(session: Session, claim: Claim, document_id: int) -> Document | None:
    """Return one document of this claim, or None."""
    return session.scalar(select(Document).where(Document.claim_id == claim.id, Document.id == document_id))


def comments_of(session: Session, claim: Claim) -> Sequence[Comment]:
    """Return the claim's comments, the oldest first."""
    return session.scalars(select(Comment).where(Comment.claim_id == claim.id).order_by(Comment.id)).all()


def notes_of(session: Session, claim: Claim) -> Sequence[Note]:
    """Return the reviewers' internal notes, the oldest first; never for a page of a partner."""
    return session.scalars(select(Note).where(Note.claim_id == claim.id).order_by(Note.id)).all()


def history(session: Session, claim: Claim, actor: Actor, *, kind: str = "") -> Sequence[Event]:
    """Return the events that the actor may see, the newest first; `kind` is a whole kind or its part before ":"."""
    events = select(Event).where(Event.claim_id == claim.id).order_by(Event.position.desc())
    if actor.role not in REVIEWERS:
        events = events.where(~Event.is_internal)
    if kind:
        events = events.where(or_(Event.kind == kind, Event.kind.startswith(f"{kind}:", autoescape=True)))
    return session.scalars(events).all()


def mails_of(session: Session, claim: Claim, actor: Actor) -> Sequence[Mail]:
    """Return the claim's mails, the newest first; a partner sees those to the partner and to the customer."""
    mails = select(Mail).where(Mail.claim_id == claim.id).order_by(Mail.id.desc())
    if actor.role not in REVIEWERS:
        mails = mails.where(~Mail.internal())
    return session.scalars(mails).all()


def mail_of(session: Session, claim: Claim, actor: Actor, mail_id: int) -> Mail | None:
    """Return one of these mails, or None."""
    return next((mail for mail in mails_of(session, claim, actor) if mail.id == mail_id), None)


def all_mails(
    session: Session,
    *,
    state: MailState | None = None,
    for_a_person: bool = False,
    before: str = "",
    after: str = "",
) -> Page[Mail]:
    """Return a page of all mails, the newest first; of one state, or those that need a person, where asked."""
    mails = select(Mail).where(Mail.state == state) if state else select(Mail)
    if for_a_person:
        mails = mails.where(needs_a_person())
    return keyset.page(session, mails, keyset.newest_first(Mail.id), size=PAGE, before=before, after=after)


def rounds_of(session: Session, claim: Claim) -> Sequence[Round]:
    """Return the claim's consent rounds, the newest first."""
    rounds = select(Round).where(Round.claim_id == claim.id).order_by(Round.number.desc())
    return session.scalars(rounds.options(selectinload(Round.invitations))).all()


def latest_rounds(session: Session, claims: Sequence[Claim]) -> dict[int, Round]:
    """Return the newest consent round of each of these claims that has one, by the claim's id."""
    found = session.scalars(_ROUNDS, {"ids": [claim.id for claim in claims]})
    return {round_.claim_id: round_ for round_ in found}  # the last one of a claim stays


def read_contacts(session: Session, claims: Sequence[Claim]) -> None:
    """Read the contacts of these claims at once, where each claim would read its own when asked."""
    if claims:
        ids = {"ids": [claim.id for claim in claims]}
        session.scalars(_CLAIMS.options(selectinload(Claim.all_contacts)), ids).all()


def why_stopped(session: Session, claim: Claim) -> str | None:
    """Return why the claim's consent period was stopped last (a msgid), None where it never was."""
    stops = select(Event.data["why"].as_string()).where(Event.claim_id == claim.id, Event.kind == "consent:stopped")
    return session.scalar(stops.order_by(Event.position.desc()).limit(1))


class Decline(NamedTuple):
    """How the customer declined: with a denial, or with no yes by the moment until which one was needed."""

    denial: Event | None = None
    no_yes_by: datetime | None = None

    @property
    def is_late(self) -> bool:
        """Whether the denial came after the consent period."""
        return self.denial is not None and bool(self.denial.data.get("late"))


def decline_of(session: Session, claim: Claim) -> Decline | None:
    """Return how the customer declined last, None of a claim that stands or was rejected for another reason."""
    if claim.rejection is not Rejection.CUSTOMER_DECLINE:
        return None
    round_ = facts.latest_round(session, claim)
    if round_ is not None and round_.state is RoundState.SILENT:
        return Decline(no_yes_by=round_.ends_at)
    denials = select(Event).where(Event.claim_id == claim.id, Event.kind == "consent:denied")
    return Decline(denial=session.scalars(denials.order_by(Event.position.desc()).limit(1)).first())


def assessment_of(session: Session, claim: Claim) -> Assessment | None:
    """Return the claim's assessment for incentives."""
    return session.scalar(select(Assessment).where(Assessment.claim_id == claim.id))


def assessments_of(session: Session, claims: Sequence[Claim]) -> dict[int, Assessment]:
    """Return the assessments of these claims, by the claim's id."""
    found = session.scalars(_ASSESSMENTS, {"ids": [claim.id for claim in claims]})
    return {assessment.claim_id: assessment for assessment in found}


def earnings(session: Session, actor: Actor) -> Sequence[tuple[Claim, Assessment]]:
    """Return the partner's approved and eligible associations, by tenant and subscription ID.

    Those that ended afterwards are among them: `ended_at` tells.
    """
    rows = (
        claims_of(actor)
        .join(Assessment, Assessment.claim_id == Claim.id)
        .where(
            Assessment.state == AssessmentState.ELIGIBLE,
            or_(Claim.status == Status.APPROVED, Assessment.ended_at.is_not(None)),
        )
        .options(selectinload(Claim.mpn_id))
        .add_columns(Assessment)
        .order_by(Claim.tenant_id, Claim.subscription_id, Claim.id)
    )
    return [(claim, record) for claim, record in session.execute(rows)]
