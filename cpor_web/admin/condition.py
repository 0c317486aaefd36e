"""How the parts behind the pages are doing, as far as the database knows."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.claims.queries import overdue
from cpor_web.emails.condition import Outbox, outbox
from cpor_web.history import checkpoints
from cpor_web.incoming import queries
from cpor_web.models import Heartbeat, Holding, Mail, MailState, Scan
from cpor_web.monitoring.figures import TICKER
from cpor_web.monitoring.health import SILENT_FOR_SECONDS
from cpor_web.proofs import scanning
from cpor_web.silence import holding, unread

LONGEST_UNREAD = timedelta(minutes=5)
"""A mailbox is looked into twice a minute: one not read to its end for so long is behind."""

TOLD_FOR = timedelta(days=7)


class Condition(NamedTuple):
    """`mails` has a count for every state.

    `mailbox_read_until` is up to when all mail that came in was read, `is_mailbox_behind` whether that is so long ago
    that windows wait for it; `set_aside` are the mails of the last week that could not be stored. `checkpoint_at` is
    when the history was last signed.
    """

    database: str
    last_tick: datetime | None
    is_ticking: bool
    mails: dict[MailState, int]
    outbox: Outbox
    held: Holding | None
    overdue: int
    scans: dict[Scan, int]
    has_mailbox: bool
    mailbox_read_until: datetime | None
    is_mailbox_behind: bool
    set_aside: int
    checkpoint_at: datetime | None


def condition(session: Session, *, now: datetime, tick_seconds: float, has_mailbox: bool) -> Condition:
    """Return the condition at `now`; `tick_seconds` is how often the ticker should tick."""
    tick = session.scalar(select(Heartbeat.at).where(Heartbeat.name == TICKER))
    longest_silence = timedelta(seconds=max(SILENT_FOR_SECONDS, 3 * tick_seconds))
    emptied = unread.emptied_at(session) if has_mailbox else None
    counts = dict(session.execute(select(Mail.state, func.count()).group_by(Mail.state)).all())
    return Condition(
        scans=scanning.counts(session),
        database=str(session.scalar(text("SHOW server_version"))),
        last_tick=tick,
        is_ticking=_is_within(tick, longest_silence, now),
        mails={state: counts.get(state, 0) for state in MailState},
        outbox=outbox(session, now=now),
        held=holding.in_force(session),
        overdue=session.scalar(select(func.count()).where(overdue(now))) or 0,
        has_mailbox=has_mailbox,
        mailbox_read_until=emptied,
        is_mailbox_behind=has_mailbox and not _is_within(emptied, LONGEST_UNREAD, now),
        set_aside=queries.count_set_aside(session, since=now - TOLD_FOR),
        checkpoint_at=session.scalar(checkpoints.newest_at()),
    )


def _is_within(noted: datetime | None, longest: timedelta, now: datetime) -> bool:
    """Tell whether it is no longer ago than so; what a clock noted that was ahead is not."""
    return noted is not None and now - noted <= longest and not clock.is_ahead(noted, now)
