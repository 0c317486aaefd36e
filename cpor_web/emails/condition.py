"""How the outbox is doing: what waits and since when, how quickly it goes out, what failed, what needs a person."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, DateTime, Select, and_, bindparam, case, exists, func, or_, select, text
from sqlalchemy.orm import Session

from cpor_web.clock import CLOCKS_APART
from cpor_web.database.prepared import Prepared, prepared
from cpor_web.emails.catalogue import ASKS
from cpor_web.emails.marking import is_free
from cpor_web.models import FAILED, FAILED_UNATTENDED, Breaker, Invitation, Mail, MailState, Round

TRANSPORT = "mail"
"""The name of the way out for mail, where it is paused."""

LONGEST_PAUSE = timedelta(minutes=5)
"""How long a way out is left alone at most, before it is tried again."""

LATE_AFTER = timedelta(minutes=15)
"""Mail that should be out, or that the server puts off, for so long is late."""

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Outbox(NamedTuple):
    """`waiting` are still to be sent, `due` of them by now, the oldest since `oldest_due`.

    `put_off_since` is since when the server has put mail off, and taken none. `paused` are the ways out that are
    left alone, why, and until when.
    """

    waiting: int
    due: int
    oldest_due: datetime | None
    put_off_since: datetime | None
    sent_in_a_minute: int
    sent_in_an_hour: int
    failed_in_a_day: int
    for_a_person: int
    paused: Sequence[Breaker]


def outbox(session: Session, *, now: datetime) -> Outbox:
    """Return how the outbox is doing at `now`."""
    to_send = (
        func.count(),
        func.count().filter(Mail.due_at <= now),
        oldest_due(now).scalar_subquery(),
        put_off_since().scalar_subquery(),
    )
    waiting, due, oldest, put_off = session.execute(select(*to_send).where(Mail.due_at.is_not(None))).one()
    taken = Mail.state.in_((MailState.SENT, MailState.BOUNCED))
    minute, hour, failed = session.execute(
        select(
            func.count().filter(taken, Mail.sent_at > now - MINUTE),
            func.count().filter(taken, Mail.sent_at > now - HOUR),
            func.count().filter(Mail.state.in_(FAILED), Mail.message_id.is_not(None)),
        ).where(last_news() > now - DAY)
    ).one()
    paused = session.scalars(select(Breaker).where(is_left_alone(now)).order_by(Breaker.name)).all()
    return Outbox(waiting, due, oldest, put_off, minute, hour, failed, count_for_a_person(session), paused)


def oldest_due(now: datetime) -> Select[Any]:
    """Ask since when the first mail waits that should be out at `now`.

    Each time that the server is in trouble over a mail, it is due anew. So one that was never put off waits since it
    was queued, and one that was, since that trouble began.
    """
    trouble = select(Breaker.since).where(Breaker.name == TRANSPORT).scalar_subquery()
    since = case((Mail.first_tried_at.is_(None), Mail.queued_at), else_=trouble)
    return select(func.min(func.least(Mail.due_at, since))).where(Mail.due_at <= now)


def put_off_since() -> Select[Any]:
    """Ask since when mail is put off while the server takes none. Where it takes other mail, one recipient may be the
    trouble. Mail that waits for its next attempt is not due.
    """
    taken = select(func.max(last_news())).where(Mail.state == MailState.SENT).scalar_subquery()
    is_over = Mail.first_tried_at <= taken
    return select(func.min(Mail.first_tried_at)).where(Mail.due_at.is_not(None), is_over.is_not(True))


def is_late(*since: datetime | None, now: datetime) -> bool:
    """Tell whether mail waits for too long, since when some is due, or put off."""
    return any(each is not None and now - each > LATE_AFTER for each in since)


def is_left_alone(now: datetime) -> ColumnElement[bool]:
    """Tell of a way out whether it is paused. What ends later than any pause can, a clock began that was ahead."""
    return and_(Breaker.open_until > now, Breaker.open_until <= now + LONGEST_PAUSE + CLOCKS_APART)


def is_any_due(session: Session, *, now: datetime) -> bool:
    """Tell whether a mail is due that no worker has: to be sent, or to be taken back from one that was stopped."""
    return bool(_any_due().ask(session, now=now))


@cache
def _any_due() -> Prepared:
    now = bindparam("now", type_=DateTime(timezone=True))
    due = select(Mail.id).where(Mail.due_at <= now, is_free(now))
    return prepared(due.order_by(Mail.due_at, Mail.id).limit(1))  # in this order, for the index


def is_any_waiting(session: Session, *, now: datetime) -> bool:
    """Tell whether a mail is due, whoever has it."""
    return bool(session.scalar(select(exists().where(Mail.due_at <= now))))


def last_news() -> ColumnElement[datetime]:
    """Return when the last that is known of a mail became known, none while it is to be sent; there is an index."""
    return func.coalesce(Mail.bounced_at, Mail.ended_at)


def count_for_a_person(session: Session) -> int:
    """Return how many mails need a person."""
    return int(_for_a_person().one(session)[0])


@cache
def _for_a_person() -> Prepared:
    return prepared(select(func.count()).select_from(Mail).where(needs_a_person()))


def needs_a_person() -> ColumnElement[bool]:
    """Tell of a mail that failed whether somebody should look at it: nobody has, and it could still matter.

    A notice of an asking that is over, or of a contact who was replaced, no longer does.
    """
    is_over = exists().where(
        Invitation.id == Mail.invitation_id,
        Round.id == Invitation.round_id,
        or_(Invitation.superseded_at.is_not(None), Round.closed_at.is_not(None)),
    )
    # As text, word for word that of the index: behind parameters the planner would not recognise it.
    return and_(text(FAILED_UNATTENDED), or_(Mail.kind.not_in(ASKS), ~is_over))
