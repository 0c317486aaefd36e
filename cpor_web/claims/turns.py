"""Whose turn it is and by when, for the database to sort and filter by.

It is the same that `next_steps` says of one claim; a test holds the two together.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, cast, exists, func, or_

from cpor_web import keyset
from cpor_web.claims.queries import WAITING_FOR_OPERATOR
from cpor_web.claims.way import Who
from cpor_web.models import (
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
from cpor_web.rules.deadlines import ONE_SECOND
from cpor_web.rules.statuses import Status

IS_STOPPED = Round.state == RoundState.STOPPED
HAS_PROPOSAL = exists().where(
    CustomerContact.claim_id == Claim.id,
    CustomerContact.replaces_id.is_not(None),
    CustomerContact.position.is_(None),
    CustomerContact.confirmed_by_id.is_(None),
)
_IS_WRONG = exists().where(Answer.invitation_id == Invitation.id, Answer.kind == AnswerKind.NOT_THE_RIGHT_PERSON)
IS_ASTRAY = exists().where(
    Invitation.round_id == Round.id,
    Invitation.superseded_at.is_(None),
    or_(Invitation.bounced_at.is_not(None), _IS_WRONG),
)
_OF_IT = exists().where(Mail.invitation_id == Invitation.id)
IS_IN_DOUBT = and_(
    Round.state == RoundState.WAITING,
    exists().where(
        Invitation.round_id == Round.id,
        Invitation.superseded_at.is_(None),
        Invitation.taken_at.is_(None),
        _OF_IT.where(Mail.state == MailState.UNKNOWN),
        ~_OF_IT.where(Mail.due_at.is_not(None)),
    ),
)
IS_REPLIED = and_(Round.reply_at.is_not(None), Round.closed_at.is_(None))
NEEDS_CONTACT = and_(IS_STOPPED, IS_ASTRAY, ~HAS_PROPOSAL)
MUST_ACT = or_(Claim.status == Status.PARTNER_ACTION_REQUIRED, func.coalesce(NEEDS_CONTACT, False))
"""Where the partner loses the claim by doing nothing."""

IS_DRAFT = Claim.status == Status.EDITING


def with_open_rounds(claims: Select[Any]) -> Select[Any]:
    """Return the query with each claim's open round beside it, for what follows here; a claim has at most one."""
    return claims.outerjoin(Round, and_(Round.claim_id == Claim.id, Round.state.in_(OPEN_STATES)))


def may_dispute(now: datetime) -> ColumnElement[bool]:
    """Return whether the rejection can still be disputed."""
    in_time = Claim.dispute_until > now - ONE_SECOND
    return and_(Claim.status == Status.REJECTED, func.coalesce(in_time, False))


def turn(now: datetime) -> ColumnElement[str]:
    """Return who acts next, as the value of a `Who`."""
    return case(
        (or_(IS_DRAFT, MUST_ACT, may_dispute(now)), Who.PARTNER.value),
        (or_(Claim.status.in_(WAITING_FOR_OPERATOR), IS_STOPPED, IS_IN_DOUBT, IS_REPLIED), Who.REVIEWER.value),
        (Round.state == RoundState.RUNNING, Who.CUSTOMER.value),
        else_=Who.NOBODY.value,
    )


def urgency(now: datetime) -> ColumnElement[int]:
    """Return 0 where the partner must act, 1 for drafts, 2 where it may dispute, 3 where others act."""
    return cast(case((MUST_ACT, 0), (IS_DRAFT, 1), (may_dispute(now), 2), else_=3), BigInteger)


def by(now: datetime) -> ColumnElement[datetime]:
    """Return the moment by which, `keyset.FAR` where no deadline runs."""
    window = case((and_(Round.state == RoundState.RUNNING, Round.reply_at.is_(None)), Round.ends_at))
    contact = case((IS_STOPPED, Round.contact_due_at))
    dispute = case((may_dispute(now), Claim.dispute_until))
    return func.coalesce(Claim.due_at, contact, window, dispute, keyset.FAR)
