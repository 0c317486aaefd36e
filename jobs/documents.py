"""Has documents scanned for malware, and removes from the store what no claim has.

No transaction is open while the scanner reads a document. Two workers never scan the same one at a time.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select

from cpor_web import clock
from cpor_web.claims import proof
from cpor_web.extensions import bell, db
from cpor_web.models import Document
from cpor_web.proofs import scanning
from cpor_web.proofs.clamd import NotScanned, Scanner, ScannerAway
from cpor_web.proofs.scanning import SCANNER
from cpor_web.queue import SCAN_DOCUMENTS, TIDY_DOCUMENTS
from cpor_web.transactions import transaction
from cpor_web.web import current
from jobs import pauses, seldom
from jobs.app import app
from jobs.leases import work_off
from jobs.turn import Turn, told_to_stop

log = logging.getLogger(__name__)

BATCH = 10

TIDIED = "documents-tidied"
TIDY_EVERY = timedelta(days=1)
FORGOTTEN_AFTER = timedelta(days=2)
"""How old what no claim has must be: an upload is stored a moment before its row is there."""


def scan() -> None:
    """Scan what waits. Nothing where no scanner is set, or it is being left alone."""
    with app().app_context():
        name = current.settings().clamd
        if not name or pauses.is_paused(SCANNER):
            return
        has_scanned = partial(_has_scanned, Scanner.named(name))
        if not work_off(_lease, scanning.release, has_scanned, Turn()):
            bell.ring(SCAN_DOCUMENTS)


def tidy() -> None:
    """Once a day, remove from the store what was uploaded and never became a claim's, or went with its draft.

    The turn begins with the first that is removed: it is the removing that takes long, and however long the listing
    is, a job that has begun anew gets further by a turn's removals.
    """
    with app().app_context():
        if not seldom.is_time(TIDIED, every=TIDY_EVERY):
            return
        before, removed, turn = clock.utcnow() - FORGOTTEN_AFTER, 0, None
        for each in _nobodys(before):
            if told_to_stop.is_set() or (turn is not None and turn.is_over()):
                seldom.go_on_soon(TIDIED, TIDY_DOCUMENTS)
                break
            if each is not None:
                turn = turn or Turn()
                removed += current.documents().forget(each, before)
        log.info("%d documents that no claim has were removed", removed)


def _nobodys(before: datetime) -> Iterator[str | None]:
    """Yield the hashes of what was stored before a moment and no claim has; None after each page of the listing."""
    for found in current.documents().older_than(before):
        known = set(db.session.scalars(select(Document.sha256).where(Document.sha256.in_(found))))
        db.session.rollback()
        yield from sorted(set(found) - known)
        yield None


def _lease() -> Sequence[int]:
    with transaction(db.session):
        return list(scanning.lease(db.session(), now=clock.utcnow(), most=BATCH))


def _has_scanned(scanner: Scanner, document_id: int) -> bool:
    """Have one document scanned; return False, and leave the scanner alone for a while, where it is away."""
    try:
        _scan(scanner, document_id)
    except ScannerAway as away:
        with transaction(db.session):
            scanning.release(db.session(), [document_id])
        pauses.pause(SCANNER, str(away))
        return False
    return True


def _scan(scanner: Scanner, document_id: int) -> None:
    sha256 = db.session.scalar(select(Document.sha256).where(Document.id == document_id))
    db.session.rollback()
    if sha256 is None:
        return
    try:
        found = scanner.scan(current.documents().open(sha256))
    except NotScanned as refusal:
        log.warning("the scanner does not scan document %d: %s", document_id, refusal)
        with transaction(db.session):
            scanning.put_off(db.session(), document_id, str(refusal))
    except ScannerAway:
        raise
    except Exception:  # a store that does not give this one holds no other up; it is tried again
        log.exception("document %d cannot be read", document_id)
        return
    else:
        with transaction(db.session):
            proof.settle_scan(db.session(), document_id, found, now=clock.utcnow())
    pauses.resume(SCANNER)
