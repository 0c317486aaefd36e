"""What the keys are still needed for: links that can do something, reports of mails, checkpoints that they signed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Select, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from cpor_web.emails.condition import last_news
from cpor_web.emails.links import IN_BODY
from cpor_web.models import OPEN_STATES, Checkpoint, Claim, Invitation, Mail, MailState, Round, RoundState
from cpor_web.rules.statuses import Status

BOUNCES_FOR = timedelta(days=7)
"""How long after a mail was taken a report about it may come back: servers try for five days, and then some."""

_undo_until = cast(Mail.context["undo_until"].as_string(), DateTime(timezone=True))


@dataclass(frozen=True)
class Use:
    """How many mails with links a key has signed, by what their links can do.

    `needed` are those of rounds that are open and those by which a denial can be undone now, `late` those by which
    an association that stands can still be denied, `closed` all others: they only say how things stand.
    """

    needed: int = 0
    late: int = 0
    closed: int = 0


def of_link_keys(session: Session, *, now: datetime) -> dict[str | None, Use]:
    """Return the use of every consent key by its id; under None what was signed before it was noted with which."""
    is_needed, is_late = _is_needed(now), _is_late()
    counted = (
        func.count().filter(is_needed),
        func.count().filter(is_late),
        func.count().filter(~or_(is_needed, is_late)),
    )
    rows = session.execute(_signed(Mail.key_id, *counted).group_by(Mail.key_id))
    return {key: Use(*numbers) for key, *numbers in rows}


def claims_that_need(session: Session, key: str, *, now: datetime) -> Sequence[str]:
    """Return the references of the claims with a link that needs this consent key, in order.

    Mails of which nobody noted the key may have been signed by any.
    """
    by_it = or_(Mail.key_id == key, Mail.key_id.is_(None))
    return session.scalars(
        _signed(Claim.reference).where(by_it, _is_needed(now)).distinct().order_by(Claim.reference)
    ).all()


def may_bounce_until(session: Session, key: str, *, now: datetime) -> datetime | None:
    """Return until when a report can come to a return address that this consent key has signed, None if none can.

    A report to an address of a key that is no longer in the ring is not believed. Mails of which nobody noted the key
    may have been signed by any.
    """
    by_it = or_(Mail.key_id == key, Mail.key_id.is_(None))
    handed_over = func.coalesce(Mail.ended_at, now)  # one that is being sent, or sent again, is handed over now
    last = select(func.max(handed_over)).where(by_it, Mail.message_id.is_not(None))
    under_way = last.where(Mail.due_at.is_not(None), Mail.attempts > 0)
    ended = last.where(last_news() > now - BOUNCES_FOR, Mail.state.in_((MailState.SENT, MailState.UNKNOWN)))
    latest = max(filter(None, (session.scalar(under_way), session.scalar(ended))), default=None)
    return latest + BOUNCES_FOR if latest is not None else None


def checkpoints_by_key(session: Session) -> dict[str, int]:
    """Return how many checkpoints of the history each signing key has signed, by the key's id."""
    key = Checkpoint.signature["key"].as_string()
    return dict(session.execute(select(key, func.count()).group_by(key)).all())


def _signed(*columns: Any) -> Select[Any]:
    """Select among the mails whose links may be out."""
    return (
        select(*columns)
        .select_from(Mail)
        .join(Invitation, Mail.invitation_id == Invitation.id)
        .join(Round, Invitation.round_id == Round.id)
        .join(Claim, Round.claim_id == Claim.id)
        .where(Mail.kind.in_(IN_BODY), Mail.message_id.is_not(None))
        .where(or_(Mail.state != MailState.REFUSED, Mail.repeats > 0))  # the first of two copies may be out
        .where(or_(Mail.kind != "denial-recorded", _undo_until.is_not(None)))
    )


def _is_needed(now: datetime) -> ColumnElement[bool]:
    can_undo = and_(Mail.kind == "denial-recorded", now <= _undo_until)
    return or_(Round.state.in_(OPEN_STATES), and_(Round.state == RoundState.DENIED, can_undo))


def _is_late() -> ColumnElement[bool]:
    return and_(Round.state == RoundState.PASSED, Claim.status == Status.APPROVED, Mail.kind != "denial-recorded")
