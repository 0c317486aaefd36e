"""What can be seen of claims, and by whom. Objects are loaded through the actor: another's claim does not exist."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, case, cast, func, or_, select
from sqlalchemy.orm import Session, selectinload

from cpor_web import facts
from cpor_web.claims.references import normalised
from cpor_web.models import (
    Assessment,
    AssessmentState,
    Claim,
    Comment,
    CustomerContact,
    Document,
    Event,
    Mail,
    MailState,
    MpnId,
    Note,
    Round,
)
from cpor_web.programme import Programme
from cpor_web.rules import deadlines, transitions
from cpor_web.rules.roles import PARTNER_ROLES, REVIEWERS, Actor
from cpor_web.rules.statuses import Status
from cpor_web.rules.transitions import Action

PAGE = 50
WAITING_FOR_OPERATOR = (Status.SUBMITTED, Status.UNDER_REVIEW)
_PARTNERS_TURN_FIRST = case(
    (Claim.status == Status.PARTNER_ACTION_REQUIRED, 0), (Claim.status == Status.EDITING, 1), else_=2
)


def claims_of(actor: Actor) -> Select[Claim]:
    """Return the query of every claim that the actor may see: a partner its own, a reviewer all but drafts."""
    claims = select(Claim).where(Claim.deleted_at.is_(None))
    if actor.role in REVIEWERS:
        return claims.where(Claim.status != Status.EDITING)
    assert actor.role in PARTNER_ROLES, "customers and the system look at no lists"
    return claims.where(Claim.partner_id == actor.partner_id)


def claim_of(session: Session, actor: Actor, reference: str) -> Claim | None:
    """Return the claim with this reference, or None where there is none that the actor may see."""
    return session.scalar(claims_of(actor).where(Claim.reference == normalised(reference)))


def dashboard(
    session: Session,
    actor: Actor,
    *,
    status: Status | None = None,
    search: str = "",
    limit: int | None = PAGE,
    offset: int = 0,
) -> Sequence[Claim]:
    """Return the partner's claims: those that wait for the partner first, by their deadline, then the newest."""
    claims = _filtered(claims_of(actor), status, search).options(
        selectinload(Claim.products), selectinload(Claim.mpn_id)
    )
    ordered = claims.order_by(_PARTNERS_TURN_FIRST, Claim.due_at.asc().nulls_last(), Claim.id.desc())
    return session.scalars(ordered.limit(limit).offset(offset)).all()


def counts(session: Session, actor: Actor, *, search: str = "") -> dict[Status, int]:
    """Return how many claims the actor sees in each status; every status has a number."""
    seen = (
        _filtered(claims_of(actor), None, search).with_only_columns(Claim.status, func.count()).group_by(Claim.status)
    )
    found = dict(session.execute(seen).all())
    return {status: found.get(status, 0) for status in Status}


def review_queue(
    session: Session,
    actor: Actor,
    *,
    status: Status | None = None,
    mine: bool = False,
    unassigned: bool = False,
    disputed: bool = False,
    area: str = "",
    limit: int | None = PAGE,
    offset: int = 0,
) -> Sequence[Claim]:
    """Return what waits for the operator, by due time; so what is overdue comes first."""
    claims = claims_of(actor).where(Claim.status.in_([status] if status else WAITING_FOR_OPERATOR))
    claims = claims.where(*_queue_filters(actor, mine=mine, unassigned=unassigned, disputed=disputed, area=area))
    claims = claims.options(selectinload(Claim.partner), selectinload(Claim.reviewer), selectinload(Claim.products))
    return session.scalars(
        claims.order_by(Claim.due_at.asc().nulls_last(), Claim.id).limit(limit).offset(offset)
    ).all()


def queue_counts(session: Session, actor: Actor, *, now: datetime) -> dict[str, int]:
    """Return the numbers over the review queue: waiting, overdue, mine, unassigned, disputed."""
    waiting = Claim.status.in_(WAITING_FOR_OPERATOR)
    row = session.execute(
        select(
            func.count().filter(waiting).label("waiting"),
            func.count().filter(waiting, Claim.due_at <= now - deadlines.ONE_SECOND).label("overdue"),
            func.count().filter(waiting, Claim.reviewer_id == actor.user_id).label("mine"),
            func.count().filter(waiting, Claim.reviewer_id.is_(None)).label("unassigned"),
            func.count().filter(waiting, Claim.is_disputed).label("disputed"),
        ).where(waiting)
    ).one()
    return {name: int(number) for name, number in row._mapping.items()}


def is_overdue(claim: Claim, now: datetime) -> bool:
    """Tell whether the operator has missed the claim's deadline."""
    due = claim.due_at if claim.status in WAITING_FOR_OPERATOR else None
    return due is not None and deadlines.has_passed(due, now)


def offered(
    session: Session, claim: Claim, *, actor: Actor, now: datetime, programme: Programme
) -> frozenset[Action]:
    """Return the actions that a page may offer the actor: what the table allows at this moment."""
    known = facts.of(session, claim, actor=actor, now=now, programme=programme)
    return transitions.offered(claim.status, actor.role, known)


def documents_of(session: Session, claim: Claim) -> Sequence[Document]:
    """Return the claim's proof, the newest first."""
    return session.scalars(select(Document).where(Document.claim_id == claim.id).order_by(Document.id.desc())).all()


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
        mails = mails.where(~Mail.context.has_key("for_reviewer"))
    return session.scalars(mails).all()


def all_mails(
    session: Session, *, state: MailState | None = None, limit: int = PAGE, offset: int = 0
) -> Sequence[Mail]:
    """Return every mail there is, the newest first."""
    mails = select(Mail).order_by(Mail.id.desc()).limit(limit).offset(offset)
    return session.scalars(mails.where(Mail.state == state) if state else mails).all()


def rounds_of(session: Session, claim: Claim) -> Sequence[Round]:
    """Return the claim's consent rounds, the newest first."""
    rounds = select(Round).where(Round.claim_id == claim.id).order_by(Round.number.desc())
    return session.scalars(rounds.options(selectinload(Round.invitations))).all()


def latest_round(session: Session, claim: Claim) -> Round | None:
    """Return the claim's newest consent round."""
    return facts.latest_round(session, claim)


def latest_rounds(session: Session, claims: Sequence[Claim]) -> dict[int, Round]:
    """Return the newest consent round of each of these claims that has one, by the claim's id."""
    found = select(Round).where(Round.claim_id.in_([claim.id for claim in claims])).order_by(Round.number)
    return {round_.claim_id: round_ for round_ in session.scalars(found)}  # the last one of a claim stays


def assessment_of(session: Session, claim: Claim) -> Assessment | None:
    """Return the claim's assessment for incentives."""
    return session.scalar(select(Assessment).where(Assessment.claim_id == claim.id))


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


def _queue_filters(
    actor: Actor, *, mine: bool, unassigned: bool, disputed: bool, area: str
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if mine:
        conditions.append(Claim.reviewer_id == actor.user_id)
    if unassigned:
        conditions.append(Claim.reviewer_id.is_(None))
    if disputed:
        conditions.append(Claim.is_disputed.is_(True))
    if area:
        conditions.append(Claim.area == area)
    return conditions


def _filtered(claims: Select[Claim], status: Status | None, search: str) -> Select[Claim]:
    if status is not None:
        claims = claims.where(Claim.status == status)
    for word in search.replace("\x00", "").split()[:5]:
        claims = claims.where(_mentions(word))
    return claims


def _mentions(word: str) -> ColumnElement[bool]:
    def has(column: Any) -> ColumnElement[bool]:
        return func.lower(column).contains(word.lower(), autoescape=True)

    texts = (Claim.name, Claim.customer_name, Claim.customer_domain, Claim.reference)
    ids = (cast(Claim.tenant_id, Text), cast(Claim.subscription_id, Text))
    return or_(
        *(has(column) for column in (*texts, *ids)),
        Claim.mpn_id.has(MpnId.number == word),
        Claim.all_contacts.any(func.lower(CustomerContact.email) == word.lower()),
    )
