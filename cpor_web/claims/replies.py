"""What a person at the customer replied by mail: nothing is closed until a reviewer has read it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, defer

from cpor_web import facts, history, lifecycle
from cpor_web.consent import locking
from cpor_web.models import Claim, Event, ReceivedMail, Round, RoundState
from cpor_web.rules.roles import SYSTEM


def came(session: Session, claim: Claim, received: ReceivedMail, *, now: datetime) -> bool:
    """Hold the closing because of a reply; False where the customer is not being asked: then it decides nothing.

    What comes while a denial stands holds it from when that is undone: the round goes on then, and with it the reply.
    """
    lifecycle.hold(session, claim)
    round_ = facts.latest_round(session, claim)
    if round_ is None:
        return False
    locking.hold(session, round_)
    is_denied = round_.state is RoundState.DENIED
    if not round_.is_open and not is_denied:
        return False
    round_.reply_at = round_.reply_at or now
    data = {"round": round_.number, "received": received.id} | ({"denied": True} if is_denied else {})
    history.append(session, claim, "reply:noted", actor=SYSTEM, now=now, data=data)
    return True


def unread(session: Session, claim: Claim, round_: Round) -> Sequence[ReceivedMail]:
    """Return the replies of a round that no reviewer has read, the oldest first."""
    id_ = Event.data["received"].as_integer()
    came_in = select(id_).where(_of(claim, round_, "reply:noted"), id_ > read_up_to(session, claim, round_))
    replies = select(ReceivedMail).where(ReceivedMail.id.in_(came_in)).order_by(ReceivedMail.id)
    return session.scalars(replies.options(defer(ReceivedMail.raw))).all()


def read_up_to(session: Session, claim: Claim, round_: Round) -> int:
    """Return the id of the last reply of a round that a reviewer has read, 0 where there is none."""
    up_to = func.max(Event.data["up_to"].as_integer())
    return session.scalar(select(up_to).where(_of(claim, round_, "reply:read"))) or 0


def _of(claim: Claim, round_: Round, kind: str) -> ColumnElement[bool]:
    is_of_round = Event.data["round"].as_integer() == round_.number
    return and_(Event.claim_id == claim.id, Event.kind == kind, is_of_round)
