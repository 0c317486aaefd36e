"""Which documents are still to be scanned, what the scanner said of them, and which may be given out.

A scanner that is away stops no filing: the document is taken, waits, and is given to nobody until it was scanned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from cpor_web.models import Breaker, Document, Scan
from cpor_web.rules.exc import NotAllowed
from cpor_web.rules.words import N_

SCANNER = "scanner"
"""The scanner's name among what can be left alone for a while."""

AGAIN_AFTER = timedelta(minutes=10)
"""When a document is tried again whose scan was broken off, or that the scanner would not scan."""

LONGEST_WORDS = 200

INFECTED = N_(
    "A virus was found in it (%(found)s), so nobody can download it. Upload a clean copy that replaces this one."
)
AWAY = N_("The scanner for viruses is away. It can be downloaded once it was scanned; nothing needs to be done.")
NOT_SCANNED = N_("It is being scanned for viruses. It can be downloaded once that is done, usually within a minute.")
REFUSED = N_("The scanner for viruses could not scan it: %(why)s. It is tried again; an administrator can help.")


@dataclass(frozen=True)
class ScannerState:
    """What decides whether a document is given out: is a scanner set, and is it away?"""

    is_set: bool
    is_away: bool = False

    def refusal(self, document: Document) -> NotAllowed | None:
        """Return why a document is not given out, with what happens next; None where it is."""
        if document.scan is Scan.INFECTED:
            return NotAllowed(INFECTED, {"found": document.scan_words})
        if document.scan is Scan.CLEAN or not self.is_set:
            return None
        if document.scan_words:
            return NotAllowed(REFUSED, {"why": document.scan_words})
        return NotAllowed(AWAY if self.is_away else NOT_SCANNED)


def scanner_state(session: Session, *, clamd: str) -> ScannerState:
    """Return how the scanner stands; `clamd` is the setting, empty where no scanner is set."""
    is_away = bool(clamd) and session.get(Breaker, SCANNER, populate_existing=True) is not None
    return ScannerState(bool(clamd), is_away)


def lease(session: Session, *, now: datetime, most: int) -> Sequence[int]:
    """Take up to so many documents that wait, and that nobody else is at, and return their ids, the oldest first."""
    waiting = (
        select(Document.id)
        .where(Document.scan == Scan.WAITING)
        .where(or_(Document.scan_tried_at.is_(None), Document.scan_tried_at < now - AGAIN_AFTER))
        .order_by(Document.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    taken = update(Document).where(Document.id.in_(waiting)).values(scan_tried_at=now).returning(Document.id)
    return sorted(session.scalars(taken.execution_options(synchronize_session=False)))


def release(session: Session, document_ids: Sequence[int]) -> None:
    """Give back what was taken and not scanned."""
    session.execute(update(Document).where(Document.id.in_(document_ids)).values(scan_tried_at=None))


def put_off(session: Session, document_id: int, why: str) -> None:
    """Note that the scanner does not scan this document, which is tried again later."""
    session.execute(update(Document).where(Document.id == document_id).values(scan_words=why[:LONGEST_WORDS]))


def settle(session: Session, document: Document, found: str, *, now: datetime) -> None:
    """Note what the scanner found, an empty string where nothing."""
    document.scan = Scan.INFECTED if found else Scan.CLEAN
    document.scan_words, document.scanned_at, document.scan_tried_at = found[:LONGEST_WORDS], now, None


def counts(session: Session) -> dict[Scan, int]:
    """Return how many documents there are in each state."""
    found = dict(session.execute(select(Document.scan, func.count()).group_by(Document.scan)).all())
    return {each: found.get(each, 0) for each in Scan}
