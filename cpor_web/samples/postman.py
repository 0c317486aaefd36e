"""Hands the sample's mails over in the past: each as sent, with all that starts when the mail server takes a mail."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from cpor_web.claims import posting
from cpor_web.emails.catalogue import ASKS
from cpor_web.emails.outcomes import Accepted, Permanent
from cpor_web.models import Claim, Mail
from cpor_web.programme import Programme


def deliver(
    session: Session, claim: Claim, *, refusal: str, leave_notices: bool, now: datetime, programme: Programme
) -> None:
    """Settle every due mail of the claim, and what its step has sent about others, at `now`.

    Each is taken, or where there is a `refusal`, notices are refused with it. With `leave_notices` they stay in the
    outbox, and go out in earnest once a worker runs.
    """
    session.flush()
    while (mail := _next_due(session, claim, leave_notices)) is not None:
        posting.begin(session, mail.id, now=now, programme=programme)
        is_refused = bool(refusal) and mail.kind in ASKS
        outcome = Permanent(refusal) if is_refused else Accepted(f"250 2.0.0 Ok: queued as {mail.id:06X}")
        posting.settle(session, mail.id, outcome, now=now, programme=programme)
        session.flush()


def _next_due(session: Session, claim: Claim, leave_notices: bool) -> Mail | None:
    due = select(Mail).where(Mail.due_at.is_not(None)).order_by(Mail.id).limit(1)
    no_notice = Mail.kind.not_in(ASKS)
    return session.scalar(due.where(no_notice if leave_notices else or_(Mail.claim_id == claim.id, no_notice)))
