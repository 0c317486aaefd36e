"""What all answers of a customer contact share: the locks, whether it still counts, and the row that is kept."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import history, lifecycle
from cpor_web.consent import locking
from cpor_web.entities import ahead, aside
from cpor_web.models import COUNTS, Answer, AnswerKind, Claim, Invitation, Round
from cpor_web.rules.reasons import Denial, Way
from cpor_web.rules.roles import Actor, Role
from cpor_web.rules.statuses import Status

LONGEST_WORDS = 2000


class Outcome(StrEnum):
    """What an answer did."""

    RECORDED = "recorded"
    LATE = "late"
    ALREADY = "already"
    OVER = "over"
    SUPERSEDED = "superseded"


class Held(NamedTuple):
    """An invitation with its round and claim, both locked. `is_newest`: the claim's customer was not asked since."""

    invitation: Invitation
    round: Round
    claim: Claim
    actor: Actor
    is_newest: bool


def hold(session: Session, invitation: Invitation) -> Held:
    """Lock the claim and the round of an invitation, and read them afresh."""
    round_ = invitation.round
    claim = lifecycle.hold(session, round_.claim)
    is_newest = ahead.of(session, claim.id).round is round_ or locking.hold_alone(session, round_)
    return Held(invitation, round_, claim, Actor(Role.CUSTOMER, invitation.contact.name), is_newest)


def is_in_force(held: Held) -> bool:
    """Tell whether the association stands, and this is the newest that its customer was asked."""
    return held.claim.status is Status.APPROVED and held.is_newest


def record(
    session: Session,
    held: Held,
    kind: AnswerKind,
    way: Way,
    now: datetime,
    *,
    reason: Denial | None = None,
    words: str = "",
    is_late: bool = False,
) -> Answer:
    """Keep an answer, which the next flush writes; of `words` the first LONGEST_WORDS characters."""
    answer = Answer(
        invitation_id=held.invitation.id,
        kind=kind,
        at=now,
        way=way,
        reason=reason,
        words=words.strip()[:LONGEST_WORDS],
        is_late=is_late,
    )
    aside.put(session, _WRITE, {name: getattr(answer, name) for name in _COLUMNS} | {"at": now.isoformat()})
    return answer


_COLUMNS = ("invitation_id", "kind", "at", "way", "reason", "words", "is_late")
_WRITE = aside.into(Answer, *_COLUMNS)


def note(session: Session, held: Held, kind: AnswerKind, event: str, now: datetime) -> Outcome:
    """Keep an answer that decides nothing by itself, once until its contact is asked again, with its `event`.

    Only while the round is open.
    """
    if held.invitation.superseded_at is not None:
        return Outcome.SUPERSEDED
    if not held.round.is_open or not is_in_force(held):
        return Outcome.OVER
    said = select(Answer.id).join(Answer.invitation).where(Invitation.id == held.invitation.id, Answer.kind == kind)
    if session.scalar(said.where(COUNTS).limit(1)) is not None:
        return Outcome.ALREADY
    record(session, held, kind, Way.PAGE, now)
    data = {"round": held.round.number}
    history.append(session, held.claim, event, actor=held.actor, now=now, data=data)
    return Outcome.RECORDED
