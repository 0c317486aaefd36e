"""What a restored database does not know: all that happened after its backup. So nothing acts on it by itself.

A mail that had not gone out by then may have gone out since; whoever was silent by then may have denied since; a
session that was ended since would live again; numbers that were given since must not be given once more.
"""

from datetime import datetime

from sqlalchemy import Identity, func, select, text, update
from sqlalchemy.orm import Session

from cpor_web.claims import posting
from cpor_web.database import patience
from cpor_web.models import Base, Ended, Mail, SignIn
from cpor_web.programme import Programme
from cpor_web.silence import holding

GAP = 1_000_000
"""Numbers that are left out in each table: more than are given between two backups."""

WHY = "the database was restored from a backup of {at:%Y-%m-%d %H:%M} UTC; it may have gone out since"


def settle(session: Session, *, backed_up_at: datetime, now: datetime, programme: Programme) -> int:
    """Settle all of it in one transaction, the caller's, and return how many mails are in doubt now.

    Closing is held until an administrator releases it. Mails that tell of this are queued, and are new ones.
    """
    patience.without_limits(session.connection())
    _leave_numbers_out(session)
    holding.hold_after_restore(session, backed_up_at, now=now)
    over = update(SignIn).where(SignIn.ended_at.is_(None)).values(ended_at=now, why_ended=Ended.SIGNED_OUT)
    session.execute(over.execution_options(synchronize_session=False))
    waiting = session.scalars(select(Mail.id).where(Mail.due_at.is_not(None)).order_by(Mail.id)).all()
    why = WHY.format(at=backed_up_at)
    return sum(posting.lose(session, mail_id, why=why, now=now, programme=programme) for mail_id in waiting)


def _leave_numbers_out(session: Session) -> None:
    """Reports on mails, checkpoints and webhooks of the lost time name numbers: they must find nobody else's."""
    for table in Base.metadata.sorted_tables:
        if "id" in table.c and isinstance(table.c.id.identity, Identity):
            last = session.scalar(select(func.coalesce(func.max(table.c.id), 0))) or 0
            session.execute(text(f'ALTER TABLE "{table.name}" ALTER COLUMN id RESTART WITH {last + GAP}'))
