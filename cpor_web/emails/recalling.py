"""Mails that are called back: they end before anybody has begun to send them, as what they say is over."""

from collections.abc import Collection
from datetime import datetime
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.database.prepared import Prepared, prepared
from cpor_web.emails import outbox
from cpor_web.emails.marking import NOT_BEGUN
from cpor_web.entities import detached
from cpor_web.models import Mail, MailState

_MAY_BE_CALLED_BACK = (Mail.state.in_(NOT_BEGUN), Mail.repeats == 0)


def call_back(session: Session, invitation_id: int, *, why: str, now: datetime) -> None:
    """End those mails of an invitation that nobody has begun to send; `why` is for the reviewers."""
    waiting = select(Mail).where(Mail.invitation_id == invitation_id, *_MAY_BE_CALLED_BACK).order_by(Mail.id)
    for mail in session.scalars(waiting.with_for_update()):
        outbox.end(mail, MailState.REFUSED, why, now)


def call_back_these(session: Session, mail_ids: Collection[int], *, why: str, now: datetime) -> None:
    """End those of these mails that nobody is sending; `why` is for the reviewers.

    Of one that was to go out once more, as it is in doubt, nobody knows whether it is out.
    """
    if not mail_ids:
        return
    waiting = select(Mail).where(Mail.id.in_(mail_ids), Mail.state.in_(NOT_BEGUN)).order_by(Mail.id)
    for mail in session.scalars(waiting.with_for_update()):
        outbox.end(mail, MailState.UNKNOWN if mail.repeats else MailState.REFUSED, why, now)


def was_called_back(session: Session, invitation_id: int, kinds: Collection[str]) -> bool:
    """Tell whether the newest mail of these kinds to whom was invited was called back."""
    newest = select(Mail.state, Mail.message_id).where(Mail.invitation_id == invitation_id, Mail.kind.in_(kinds))
    found = session.execute(newest.order_by(Mail.id.desc()).limit(1)).first()
    return found is not None and tuple(found) == (MailState.REFUSED, None)  # what was begun has its Message-ID


def not_begun(session: Session, invitation_ids: Collection[int]) -> Collection[int]:
    """Return those of these invitations that have mails which `call_back` would end."""
    return detached.found(session, _not_begun(), invitations=invitation_ids)


@cache
def _not_begun() -> Prepared:
    waiting = (detached.among(Mail.invitation_id, "invitations"), *_MAY_BE_CALLED_BACK)
    return prepared(select(Mail.invitation_id).where(*waiting).distinct())
