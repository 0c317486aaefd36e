"""Whose turn it is and by when, for the database to sort and filter by.

It is the same that `next_steps` says of one claim; a test holds the two together. The rule is a table of standings:
each claim has exactly one. Within one, claims are in the order of an index, so that a list can be read from the
beginning of each without looking at the rest.
"""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    and_,
    any_,
    case,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
)

from cpor_web.claims.way import Who
from cpor_web.database import keyset
from cpor_web.models import (
    COUNTS,
    IS_PROPOSED,
    OPEN_STATES,
    Answer,
    AnswerKind,
    Claim,
    CustomerContact,
    Invitation,
    Mail,
    MailState,
    Round,
    RoundState,
)
from cpor_web.models.claim import NEVER
from cpor_web.rules.deadlines import ONE_SECOND
from cpor_web.rules.statuses import Status

IS_STOPPED = Round.state == RoundState.STOPPED
HAS_PROPOSAL = exists().where(CustomerContact.claim_id == Claim.id, IS_PROPOSED)
_IS_WRONG = exists().where(
    Answer.invitation_id == Invitation.id, Answer.kind == AnswerKind.NOT_THE_RIGHT_PERSON, COUNTS
)
IS_ASTRAY = exists().where(
    Invitation.round_id == Round.id,
    Invitation.superseded_at.is_(None),
    or_(Invitation.bounced_at.is_not(None), _IS_WRONG),
)
_OF_IT = exists().where(Mail.invitation_id == Invitation.id)
# As a case: beside what is null, the other half of an `and` is worked out too, here from all invitations there are.
IS_IN_DOUBT: ColumnElement[bool] = case(
    (
        Round.state == RoundState.WAITING,
        exists().where(
            Invitation.round_id == Round.id,
            Invitation.superseded_at.is_(None),
            Invitation.taken_at.is_(None),
            _OF_IT.where(Mail.state == MailState.UNKNOWN),
            ~_OF_IT.where(Mail.due_at.is_not(None)),
        ),
    ),
    else_=False,
)
IS_REPLIED = and_(Round.reply_at.is_not(None), Round.closed_at.is_(None))
NEEDS_CONTACT = and_(IS_STOPPED, IS_ASTRAY, ~HAS_PROPOSAL)
IS_ASKED = and_(Round.state == RoundState.RUNNING, Round.reply_at.is_(None))
"""Where nothing but the customer's answer is waited for."""

# By its states: PostgreSQL knows how many have each, and takes "not closed" and "not running" for independent.
_HELD_UP = or_(
    Round.state.in_((RoundState.WAITING, RoundState.STOPPED)),
    and_(Round.state == RoundState.RUNNING, Round.reply_at.is_not(None)),
)
# As an array, so that the few are looked for by their keys.
IS_HELD_UP = Claim.id == any_(func.array(select(Round.claim_id).where(_HELD_UP).correlate(None).scalar_subquery()))
"""Where the customer is not asked yet, or something else is needed first: few, and there is an index of them."""

HAS_NO_OPEN_ROUND = ~exists().where(Round.claim_id == Claim.id, Round.state.in_(OPEN_STATES)).correlate(Claim)
FAR = literal_column(NEVER, DateTime(timezone=True))
MOMENT: ColumnElement[datetime] = func.coalesce(Claim.due_at, Claim.dispute_until, FAR)
"""By when a claim must be acted on, or may be disputed, as its index has it. No claim has both."""

Moment = datetime | ColumnElement[datetime]
"""A moment, or what a kept statement calls it."""

MUST, DRAFT, MAY, OTHERS = range(4)
"""How urgent it is to the partner: it loses the claim by doing nothing, completes a draft, may dispute, or waits."""


_ALL: ColumnElement[bool] = true()


class Standing(NamedTuple):
    """Claims of one `status`, narrowed by `among`, that are ordered alike: all have this `urgency`.

    Of those whose round is `held_up`, who acts and how urgent it is, one of `urgencies`, are told claim by claim, as
    expressions; so few are in that standing that they may be sorted.

    `planned_once`: the best way to them is the same whether they are many or few.
    """

    status: Status
    urgency: int | ColumnElement[int]
    who: Who | ColumnElement[str]
    by: Any = keyset.FAR
    among: ColumnElement[bool] = _ALL
    has_round: bool = False
    urgencies: tuple[int, ...] = ()
    planned_once: bool = True

    @property
    def newest_first(self) -> ColumnElement[int]:
        """Return the opposite of the claim's number, of the table whose index has the order."""
        return literal_column("0") - (Round.claim_id if self.has_round else Claim.id)

    @property
    def is_whole(self) -> bool:
        """Return whether all claims of its status have it."""
        return self.among is _ALL

    @property
    def claims(self) -> ColumnElement[bool]:
        """Return which claims have it."""
        return and_(Claim.status == self.status, self.among)

    def may_be(self, who: str | None, urgency: int | None) -> bool:
        """Tell whether claims with it can be this one's turn, and so urgent; None is any."""
        fits = who is None or not isinstance(self.who, Who) or self.who.value == who
        return fits and (urgency is None or urgency in (self.urgencies or (self.urgency,)))


def standings(now: Moment) -> tuple[Standing, ...]:
    """Return the table: each claim is in the first standing that fits, and in no other."""
    held_up = Standing(
        Status.APPROVED,
        urgency=case((NEEDS_CONTACT, MUST), else_=OTHERS),
        urgencies=(MUST, OTHERS),
        who=case(
            (NEEDS_CONTACT, Who.PARTNER.value),
            (or_(IS_STOPPED, IS_IN_DOUBT, IS_REPLIED), Who.REVIEWER.value),
            else_=Who.NOBODY.value,
        ),
        by=case((IS_STOPPED, func.coalesce(Round.contact_due_at, FAR)), else_=FAR),
        among=IS_HELD_UP,
        has_round=True,
    )
    return (
        Standing(Status.PARTNER_ACTION_REQUIRED, MUST, Who.PARTNER, MOMENT),
        Standing(Status.EDITING, DRAFT, Who.PARTNER),
        Standing(Status.REJECTED, MAY, Who.PARTNER, MOMENT, among=may_dispute(now)),
        Standing(Status.SUBMITTED, OTHERS, Who.REVIEWER, MOMENT),
        Standing(Status.UNDER_REVIEW, OTHERS, Who.REVIEWER, MOMENT),
        Standing(Status.APPROVED, OTHERS, Who.CUSTOMER, Round.ends_at, among=IS_ASKED, has_round=True),
        held_up,
        Standing(Status.APPROVED, OTHERS, Who.NOBODY, among=HAS_NO_OPEN_ROUND),
        Standing(Status.REJECTED, OTHERS, Who.NOBODY, among=and_(MOMENT == FAR, Claim.dispute_until.is_(None))),
        Standing(Status.REJECTED, OTHERS, Who.NOBODY, among=too_late(now), planned_once=False),
    )


def with_open_rounds(claims: Select[Any]) -> Select[Any]:
    """Return the query with each claim's open round beside it, for what follows here; a claim has at most one."""
    return claims.outerjoin(Round, and_(Round.claim_id == Claim.id, Round.state.in_(OPEN_STATES)))


def may_dispute(now: Moment) -> ColumnElement[bool]:
    """Return whether a rejection can still be disputed."""
    # By the index's expression, and by the column, of which PostgreSQL knows how its values spread.
    over = now - ONE_SECOND
    return and_(Claim.dispute_until > over, over < MOMENT, MOMENT < FAR)


def too_late(now: Moment) -> ColumnElement[bool]:
    """Return whether a rejection could be disputed, and no longer can be."""
    over = now - ONE_SECOND
    return and_(Claim.dispute_until <= over, over >= MOMENT)


def turn(now: Moment) -> ColumnElement[str]:
    """Return who acts next, as the value of a `Who`."""
    told = (each for each in standings(now) if each.who is not Who.NOBODY)
    words = ((each.claims, each.who.value if isinstance(each.who, Who) else each.who) for each in told)
    return case(*words, else_=Who.NOBODY.value)


def urgency(now: Moment) -> ColumnElement[int]:
    """Return how urgent it is to the partner: `MUST`, `DRAFT`, `MAY`, or `OTHERS` where others act."""
    told = (each for each in standings(now) if each.urgency is not OTHERS)
    return cast(case(*((each.claims, each.urgency) for each in told), else_=OTHERS), BigInteger)


def by(now: Moment) -> ColumnElement[datetime]:
    """Return the moment by which, `keyset.FAR` where no deadline runs."""
    told = (each for each in standings(now) if each.by is not keyset.FAR)
    return case(*((each.claims, each.by) for each in told), else_=FAR)
