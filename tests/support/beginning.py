"""Begins one mail of the outbox without its claim, as a worker does just before it hands it over."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from cpor_web.emails import marking
from cpor_web.models import Mail


def begin(session: Session, mail_id: int, *, now: datetime, host: str, link_keys: Sequence[str] = ()) -> Mail | None:
    """Make one mail ready and mark it; None where it is not to be sent."""
    ready = marking.ready(session, [mail_id], now=now, host=host, link_keys=link_keys)
    is_marked = bool(ready) and marking.mark(session, ready[0], now=now)
    session.expire_all()  # what was marked belongs to no session
    return session.get(Mail, mail_id) if is_marked else None
