"""Notices of which there is news: that they were taken, refused, lost, or came back."""

from datetime import datetime

from sqlalchemy.orm import Session

from cpor_web.claims import bouncing, posting
from cpor_web.emails.outcomes import Accepted, Outcome, Permanent, Unknown
from cpor_web.models import Claim, User
from cpor_web.programme import Programme
from cpor_web.silence import failed_notices
from cpor_web.silence.failed_notices import Figures
from tests.support import claims
from tests.support.claims import NOW, mail_of

TAKEN, REFUSED, LOST = Accepted("250 2.0.0 queued"), Permanent("550 5.1.1 no such user"), Unknown("connection lost")


def notice(
    session: Session, programme: Programme, outcome: Outcome, at: datetime = NOW, filer: User | None = None
) -> Claim:
    """An approved claim, of whose notice came this; of a partner of its own, or of the filer's."""
    claim = claims.approved(session, programme, now=at, filer=filer)
    mail = mail_of(session, claim, "consent-notice")
    for _ in range(2 if isinstance(outcome, Unknown) else 1):
        posting.begin(session, mail.id, now=at, programme=programme)
        posting.settle(session, mail.id, outcome, now=at, programme=programme)
    session.flush()
    return claim


def bounce(session: Session, programme: Programme, claim: Claim, at: datetime) -> None:
    mail = mail_of(session, claim, "consent-notice")
    bouncing.bounced(session, mail.id, "5.1.1", now=at, programme=programme)
    session.flush()


def figures(session: Session, at: datetime = NOW) -> Figures:
    return failed_notices.figures(session, since=failed_notices.counted_since(session, now=at))
