"""What may lie unread in the mailbox, or is not drawn yet: nothing that a mail could stop closes over it."""

from collections.abc import Collection
from datetime import datetime
from functools import cache

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.database.prepared import Prepared, prepared
from cpor_web.entities import ahead, detached
from cpor_web.models import Claim, Heartbeat, Mail, ReceivedKind, ReceivedMail
from cpor_web.programme import Programme

EMPTIED = "mailbox-emptied"
_WAITS = ReceivedMail.settled_at.is_(None)


def note_emptied(session: Session, *, begun_at: datetime) -> None:
    """Note that a look into the mailbox came to the end of all that lay there when it began.

    Of two looks at once the longer one ends last: the later beginning stays, unless a clock noted it that was ahead.
    """
    noted = insert(Heartbeat).values(name=EMPTIED, at=begun_at)
    is_replaced = or_(Heartbeat.at < begun_at, Heartbeat.is_ahead(begun_at))
    session.execute(
        noted.on_conflict_do_update(index_elements=["name"], set_={"at": noted.excluded.at}, where=is_replaced)
    )


def forget_what_is_ahead(session: Session, *, now: datetime) -> None:
    """Forget a look whose clock was ahead: once time has caught up, it would vouch for mail that nobody read."""
    wrong = (Heartbeat.name == EMPTIED, Heartbeat.is_ahead(now))
    session.execute(delete(Heartbeat).where(*wrong))


def emptied_at(session: Session) -> datetime | None:
    """Return the last moment at which nothing lay unread in the mailbox, None where there was none yet."""
    at: datetime | None = _emptied().one(session)[0]
    return at


@cache
def _emptied() -> Prepared:
    return prepared(select(func.max(Heartbeat.at)).where(Heartbeat.name == EMPTIED))


def read_until(session: Session, *, now: datetime, programme: Programme) -> datetime | None:
    """Return up to when all mail that came in was read: what is due by then may be closed, what is due later waits.

    None where nothing may be closed at all: a mailbox is to be read and never was, to its end, or by a clock that was
    ahead: nobody knows when that was.
    """
    if not programme.has_mailbox:
        return now
    emptied = ahead.once(session, emptied_at)
    return min(now, emptied) if emptied is not None and not clock.is_ahead(emptied, now) else None


def has_passed(session: Session, due: datetime, *, now: datetime, programme: Programme) -> bool:
    """Tell whether a moment is over, and all mail that had come by then was read."""
    until = read_until(session, now=now, programme=programme)
    return until is not None and due <= until


def is_undrawn(session: Session, claim: Claim, *, replies: bool = False) -> bool:
    """Tell whether a report about a mail of this claim has come in of which nothing was drawn yet: for seconds.

    With `replies` also any reply: it concerns every round in which its sender is asked, and which these are is told
    only when it is settled.
    """
    read = ahead.of(session, claim.id).is_undrawn if replies else None
    return read if read is not None else bool(undrawn(session, [claim.id], replies=replies))


def undrawn(session: Session, claim_ids: Collection[int], *, replies: bool = False) -> Collection[int]:
    """Return those of these claims of which `is_undrawn` is true."""
    if replies and detached.found(session, _replies()):
        return claim_ids
    return detached.found(session, _reports(), claims=claim_ids)


@cache
def _replies() -> Prepared:
    return prepared(select(ReceivedMail.id).where(_WAITS, ReceivedMail.kind == ReceivedKind.REPLY).limit(1))


@cache
def _reports() -> Prepared:
    of_claim = (_WAITS, ReceivedMail.kind == ReceivedKind.HARD_BOUNCE, detached.among(Mail.claim_id, "claims"))
    return prepared(select(Mail.claim_id).join(ReceivedMail.mail).where(*of_claim).distinct())
