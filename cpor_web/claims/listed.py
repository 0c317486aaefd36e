"""Claims as lists show them: plain rows of what a line says, read by their ids with one plan for all.

An object of a claim, with all it has, costs many times as much as its line. What happens next is told of these rows
by the same rule as of the objects: see `next_steps`.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, BigInteger, and_, any_, bindparam, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from cpor_web.claims import related, turns
from cpor_web.database import direct
from cpor_web.database.prepared import Prepared, prepared
from cpor_web.models import (
    OPEN_STATES,
    Assessment,
    AssessmentState,
    Claim,
    Document,
    Event,
    Partner,
    Round,
    RoundState,
    User,
)
from cpor_web.rules.reasons import Rejection, Request
from cpor_web.rules.statuses import Status
from cpor_web.silence.holding import IS_IN_FORCE


class ListedClaim(NamedTuple):
    """A claim's line in a list of the partner's."""

    id: int
    reference: str
    name: str
    customer_name: str | None
    status: Status
    is_disputed: bool
    reviewer_id: int | None
    due_at: datetime | None
    due_rule: dict[str, Any] | None
    dispute_until: datetime | None
    dispute_rule: dict[str, Any] | None
    rejection: Rejection | None
    has_proposal: bool = False
    asked: tuple[Request, ...] = ()
    """Why the reviewer asks for more, where the partner has to answer."""


class ListedRound(NamedTuple):
    """A claim's newest round, as far as what happens next depends on it."""

    state: RoundState
    needs_yes: bool
    yes_at: datetime | None
    ends_at: datetime | None
    end_rule: dict[str, Any] | None
    contact_due_at: datetime | None
    contact_rule: dict[str, Any] | None
    reply_at: datetime | None
    is_astray: bool
    is_in_doubt: bool

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


class ListedAssessment(NamedTuple):
    """What a claim's assessment is up to."""

    state: AssessmentState


class Line(NamedTuple):
    """All that a line of the partner's list is made of. `is_held` tells whether all closing is held."""

    claim: ListedClaim
    round: ListedRound | None
    assessment: ListedAssessment | None
    is_held: bool


class QueuedClaim(NamedTuple):
    """A claim's line in the review queue.

    It is contested where another partner's claim competes with it, and has fresh proof where some came since it was
    approved.
    """

    id: int
    reference: str
    version: int
    name: str
    customer_name: str | None
    partner_name: str
    area: str | None
    activity: str | None
    status: Status
    is_disputed: bool
    due_at: datetime | None
    due_rule: dict[str, Any] | None
    reviewer_id: int | None
    reviewer_name: str | None
    reviewer_is_active: bool | None
    is_contested: bool
    has_fresh_proof: bool
    rejected_by_id: int | None


def lines(session: Session, ids: Sequence[int]) -> list[Line]:
    """Return the lines of these claims in the partner's list, in this order."""
    found = {row[0]: _line(row) for row in _of_partner().ask(session, ids=direct.several(ids))} if ids else {}
    return [found[id_] for id_ in ids if id_ in found]


def queued(session: Session, ids: Sequence[int]) -> list[QueuedClaim]:
    """Return the lines of these claims in the review queue, in this order."""
    found = {row[0]: _queued(row) for row in _of_operator().ask(session, ids=direct.several(ids))} if ids else {}
    return [found[id_] for id_ in ids if id_ in found]


# Behind a subquery, where the planner sees no ids: for few of them it would plan anew each time.
_IDS = select(func.unnest(bindparam("ids", type_=ARRAY(BigInteger)))).scalar_subquery()
_ASKED = (
    select(Event.data["asks"])
    .where(Event.claim_id == Claim.id, Event.kind == "claim:information-requested")
    .order_by(Event.position.desc())
    .limit(1)
    .correlate(Claim)
    .scalar_subquery()
)
_IS_ASKED_FOR = Claim.id == any_(func.array(_IDS))


@cache
def _of_partner() -> Prepared:
    """Return the statement that reads what `_line` takes."""
    newer = aliased(Round)
    number = select(func.max(newer.number)).where(newer.claim_id == Claim.id).correlate(Claim).scalar_subquery()
    is_stopped = Round.state == RoundState.STOPPED
    return prepared(
        select(
            *(Claim.id, Claim.reference, Claim.name, Claim.customer_name, Claim.status, Claim.is_disputed),
            *(Claim.reviewer_id, Claim.due_at, Claim.due_rule, Claim.dispute_until, Claim.dispute_rule),
            Claim.rejection,
            case((is_stopped, turns.HAS_PROPOSAL), else_=False),
            case((Claim.status == Status.PARTNER_ACTION_REQUIRED, _ASKED)),
            *(Round.state, Round.needs_yes, Round.yes_at, Round.ends_at, Round.end_rule),
            *(Round.contact_due_at, Round.contact_rule, Round.reply_at),
            case((is_stopped, turns.IS_ASTRAY), else_=False),
            turns.IS_IN_DOUBT,
            Assessment.state,
            IS_IN_FORCE,
        )
        .select_from(Claim)
        .where(_IS_ASKED_FOR)
        .outerjoin(Round, and_(Round.claim_id == Claim.id, Round.number == number))
        .outerjoin(Assessment, Assessment.claim_id == Claim.id)
    )


def _line(row: Sequence[Any]) -> Line:
    """Return a line, of the words that the database has for it."""
    claim, round_ = list(row[:_ROUND_AT]), list(row[_ROUND_AT:_REST_AT])
    assessment, is_held = row[_REST_AT:]
    claim[_STATUS] = Status(claim[_STATUS])
    claim[_REJECTION] = claim[_REJECTION] and Rejection(claim[_REJECTION])
    claim[_ASKS] = tuple(reason for reason in Request if reason in claim[_ASKS]) if claim[_ASKS] else ()
    round_[_STATE] = round_[_STATE] and RoundState(round_[_STATE])
    return Line(
        ListedClaim(*claim),
        ListedRound(*round_) if round_[_STATE] else None,
        None if assessment is None else ListedAssessment(AssessmentState(assessment)),
        is_held,
    )


# Where in a row is what.
_ROUND_AT = len(ListedClaim._fields)
_REST_AT = _ROUND_AT + len(ListedRound._fields)
_STATUS, _REJECTION, _ASKS = map(ListedClaim._fields.index, ("status", "rejection", "asked"))
_STATE = ListedRound._fields.index("state")
_QUEUED_STATUS = QueuedClaim._fields.index("status")


@cache
def _of_operator() -> Prepared:
    """Return the statement that reads what `_queued` takes."""
    added = exists().where(Document.claim_id == Claim.id, Document.uploaded_at > Claim.status_since)
    return prepared(
        select(
            *(Claim.id, Claim.reference, Claim.version, Claim.name, Claim.customer_name, Partner.name),
            *(Claim.area, Claim.activity, Claim.status, Claim.is_disputed, Claim.due_at, Claim.due_rule),
            *(Claim.reviewer_id, User.name, User.active, related.is_contested()),
            case((Claim.status == Status.APPROVED, added), else_=False),
            Claim.rejected_by_id,
        )
        .select_from(Claim)
        .where(_IS_ASKED_FOR)
        .join(Partner, Partner.id == Claim.partner_id)
        .outerjoin(User, User.id == Claim.reviewer_id)
    )


def _queued(row: Sequence[Any]) -> QueuedClaim:
    """Return a line, of the words that the database has for it."""
    claim = list(row)
    claim[_QUEUED_STATUS] = Status(claim[_QUEUED_STATUS])
    return QueuedClaim(*claim)
