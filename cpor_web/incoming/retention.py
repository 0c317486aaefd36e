"""What strangers' mails said is kept for a while only; that they came, and what followed, stays."""

from datetime import datetime, timedelta

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from cpor_web.models import Event, ReceivedMail, Round
from cpor_web.models.consent import OPEN_STATES


def erase_due(session: Session, *, days: int, now: datetime, most: int) -> int:
    """Erase up to `most` received mails older than `days`, and return how many.

    What has consequences yet to be drawn stays, and so does a reply that a reviewer has yet to read.
    """
    noted = (Event.kind == "reply:noted", Event.data["received"].as_integer() == ReceivedMail.id)
    held = exists().where(
        Round.claim_id == Event.claim_id, Round.state.in_(OPEN_STATES), Round.reply_at.is_not(None), *noted
    )
    over = select(ReceivedMail.id).where(
        ReceivedMail.erased_at.is_(None),
        ReceivedMail.settled_at.is_not(None),
        ReceivedMail.received_at <= now - timedelta(days=days),
        ~held,
    )
    ids = session.scalars(over.order_by(ReceivedMail.id).limit(most).with_for_update(skip_locked=True)).all()
    session.execute(
        update(ReceivedMail)
        .where(ReceivedMail.id.in_(ids))
        .values(raw=None, words="", sender="", erased_at=now)
        .execution_options(synchronize_session=False)
    )
    return len(ids)
