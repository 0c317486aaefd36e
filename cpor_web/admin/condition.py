"""How the parts behind the pages are doing, as far as the database knows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from cpor_web import holding
from cpor_web.claims.queries import WAITING_FOR_OPERATOR
from cpor_web.emails.condition import Outbox, outbox
from cpor_web.health import SILENT_FOR_SECONDS, TICKER
from cpor_web.models import Claim, Heartbeat, Holding, Mail, MailState


@dataclass(frozen=True)
class Condition:
    """`mails` has a count for every state."""

    database: str
    last_tick: datetime | None
    is_ticking: bool
    mails: dict[MailState, int]
    outbox: Outbox
    held: Holding | None
    overdue: int


def condition(session: Session, *, now: datetime, tick_seconds: float) -> Condition:
    """Return the condition at `now`; `tick_seconds` is how often the ticker should tick."""
    tick = session.scalar(select(Heartbeat.at).where(Heartbeat.name == TICKER))
    longest_silence = timedelta(seconds=max(SILENT_FOR_SECONDS, 3 * tick_seconds))
    counts = dict(session.execute(select(Mail.state, func.count()).group_by(Mail.state)).all())
    return Condition(
        database=str(session.scalar(text("SHOW server_version"))),
        last_tick=tick,
        is_ticking=tick is not None and now - tick < longest_silence,
        mails={state: counts.get(state, 0) for state in MailState},
        outbox=outbox(session, now=now),
        held=holding.in_force(session),
        overdue=session.scalar(select(func.count()).where(Claim.status.in_(WAITING_FOR_OPERATOR), Claim.due_at < now))
        or 0,
    )
