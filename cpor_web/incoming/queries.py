"""What came back, for reviewers."""

from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, defer, joinedload

from cpor_web.database import keyset
from cpor_web.database.keyset import Page
from cpor_web.incoming.diagnoses import NOT_STORED
from cpor_web.models import ReceivedKind, ReceivedMail

PAGE = 50


def listed(
    session: Session,
    *,
    kind: ReceivedKind | None = None,
    everything: bool = False,
    before: str = "",
    after: str = "",
) -> Page[ReceivedMail]:
    """Return a page of received mails, the newest first: of one kind, or all, else what a person should look at.

    That is what people wrote who were asked, or who name a claim, and what came back and could not be understood.
    """
    found = select(ReceivedMail).options(joinedload(ReceivedMail.mail), defer(ReceivedMail.raw))
    if kind is not None:
        found = found.where(ReceivedMail.kind == kind)
    elif not everything:
        others = ReceivedMail.kind.in_([ReceivedKind.AUTOMATIC, ReceivedKind.UNRELATED])
        found = found.where(or_(ReceivedMail.kind == ReceivedKind.REPLY, and_(others, ReceivedMail.diagnostic != "")))
    return keyset.page(session, found, keyset.newest_first(ReceivedMail.id), size=PAGE, before=before, after=after)


def count_set_aside(session: Session, *, since: datetime) -> int:
    """Return how many mails have come since then that could not be stored, and wait elsewhere for a person."""
    aside = (ReceivedMail.diagnostic == NOT_STORED, ReceivedMail.received_at > since)
    return session.scalar(select(func.count()).select_from(ReceivedMail).where(*aside)) or 0
