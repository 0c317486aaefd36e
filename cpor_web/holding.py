"""Holding: while too many notices do not get through, nothing is closed. Silence that an outage caused is no answer.

A notice counts at the last news of it: that the mail server took it, that it was given up or lost, that it came back.
Of those with news in the last 24 hours, and since the last release, the ones that did not surely get through have
failed. A notice that was called back before anybody tried to send it is not counted.

No closing slips past a holding that begins: `watch` takes an advisory lock alone, `bars` takes it shared, both until
their transaction ends. It is the last lock of all: after claim and round, and whoever has it waits for nobody who
wants it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from cpor_web.emails.catalogue import ASKS, to_staff
from cpor_web.emails.condition import last_news
from cpor_web.models import FAILED, Holding, Mail
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid, NotAllowed, NotYours
from cpor_web.rules.roles import Actor, Role
from cpor_web.rules.words import N_

DAY = timedelta(hours=24)
LONGEST_REASON = 2000
LOCK = 7_09
"""The advisory lock's number; the product takes no other."""


@dataclass(frozen=True)
class Figures:
    """How many notices there was news of, and how many of them did not surely get through."""

    notices: int
    failed: int

    def is_too_many(self, share: float, count: int) -> bool:
        """Tell whether at least `count` failed, and they are more than that share of all (0 to 1)."""
        return self.failed >= count and self.failed > Decimal(str(share)) * self.notices


def in_force(session: Session) -> Holding | None:
    """Return the holding that no administrator has released yet."""
    return session.scalar(select(Holding).where(Holding.released_at.is_(None)))


def past(session: Session) -> Sequence[Holding]:
    """Return the holdings that were released, the latest first."""
    released = select(Holding).where(Holding.released_at.is_not(None))
    return session.scalars(released.order_by(Holding.released_at.desc(), Holding.id.desc())).all()


def bars(session: Session) -> bool:
    """Tell whether nothing may be closed now; where it may, none begins before the caller's transaction ends.

    For who is about to close something and has locked it.
    """
    session.execute(select(func.pg_advisory_xact_lock_shared(LOCK)))
    return in_force(session) is not None


def watch(session: Session, *, now: datetime, programme: Programme) -> Holding | None:
    """Begin to hold where too many notices failed, and mail every administrator; None where nothing begins.

    Asked before everything that closes, and by what notes a failure, in its transaction.
    """
    session.flush()
    session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    if in_force(session) is not None:
        return None
    found = figures(session, since=counted_since(session, now=now))
    if not found.is_too_many(programme.hold_share, programme.hold_count):
        return None
    begun = Holding(began_at=now, notices=found.notices, failed=found.failed)
    session.add(begun)
    session.flush()
    to_staff.closing_held(session, begun, now=now, programme=programme)
    return begun


def release(session: Session, reason: str, *, actor: Actor, now: datetime) -> Holding:
    """Let closing go on, as an administrator; what failed until now no longer counts.

    Raises Invalid without a reason or with too long a one, NotAllowed where nothing is held.
    """
    if actor.role is not Role.ADMINISTRATOR:
        raise NotYours(N_("This is not for your role (%(role)s)."), {"role": actor.role.label})
    reason = reason.replace("\x00", "").strip()
    if not reason or len(reason) > LONGEST_REASON:
        sentence = N_("Say in at most %(most)s characters why closing can go on.")
        raise Invalid(sentence, {"most": str(LONGEST_REASON)}, "reason")
    current = select(Holding).where(Holding.released_at.is_(None)).with_for_update(of=Holding)
    held = session.scalar(current.execution_options(populate_existing=True))
    if held is None:
        raise NotAllowed(N_("Closing is not held. Perhaps another administrator has released it."))
    held.released_at, held.released_by_id, held.reason = now, actor.user_id, reason
    return held


def counted_since(session: Session, *, now: datetime) -> datetime:
    """Return since when news of notices counts at `now`: for a day, but never from before the last release."""
    released = session.scalar(select(func.max(Holding.released_at)).where(Holding.released_at <= now))
    return max(released, now - DAY) if released else now - DAY


def figures(session: Session, *, since: datetime) -> Figures:
    """Count the notices of which there was news after `since`."""
    failed = func.count().filter(Mail.state.in_(FAILED))
    row = session.execute(select(func.count(), failed).where(*_with_news(since))).one()
    return Figures(*row)


def failures(session: Session, *, since: datetime, most: int) -> Sequence[Mail]:
    """Return up to `most` notices that failed after `since`, the latest first."""
    failed = select(Mail).where(*_with_news(since), Mail.state.in_(FAILED))
    return session.scalars(failed.order_by(last_news().desc(), Mail.id.desc()).limit(most)).all()


def _with_news(since: datetime) -> tuple[ColumnElement[bool], ...]:
    return (last_news() > since, Mail.kind.in_(ASKS), Mail.message_id.is_not(None))
