"""What came back, for reviewers."""

from collections.abc import Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, defer, joinedload

from cpor_web.models import ReceivedKind, ReceivedMail

PAGE = 50


def listed(
    session: Session,
    *,
    kind: ReceivedKind | None = None,
    everything: bool = False,
    limit: int = PAGE,
    offset: int = 0,
) -> Sequence[ReceivedMail]:
    """Return received mails, the newest first: of one kind, or everything, else what a person should look at.

    That is what people wrote, and what came back and could not be understood.
    """
    found = select(ReceivedMail).options(joinedload(ReceivedMail.mail), defer(ReceivedMail.raw))
    if kind is not None:
        found = found.where(ReceivedMail.kind == kind)
    elif not everything:
        not_understood = and_(ReceivedMail.kind == ReceivedKind.AUTOMATIC, ReceivedMail.diagnostic != "")
        found = found.where(or_(ReceivedMail.kind == ReceivedKind.REPLY, not_understood))
    return session.scalars(found.order_by(ReceivedMail.id.desc()).limit(limit).offset(offset)).all()
