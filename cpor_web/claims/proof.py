"""What happens to a claim's documents once they are there: they are scanned and given out; both is written down."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from cpor_web import history
from cpor_web.models import Claim, Document, Download, Scan
from cpor_web.proofs import scanning
from cpor_web.rules.exc import Invalid
from cpor_web.rules.roles import SYSTEM, Actor
from cpor_web.rules.words import N_

MOST_DOCUMENTS = 100
"""Of one claim. Nobody reviews more, and submitted proof is never removed."""

MOST_SHOWN = 500
"""Lines of a claim's access log that its page shows, the newest."""


def has_room(session: Session, claim: Claim) -> None:
    """Raise Invalid where the claim has as many documents as it may have."""
    number = session.scalar(select(func.count()).where(Document.claim_id == claim.id)) or 0
    if number >= MOST_DOCUMENTS:
        raise Invalid(
            N_("The claim has %(number)s documents, and more cannot be added. Put several pages into one file."),
            {"number": str(number)},
            field_name="document",
        )


def give(session: Session, document: Document, *, actor: Actor, now: datetime, guard: scanning.Guard) -> None:
    """Note that `actor` is given the document. Raises NotAllowed where nobody is, with what happens next.

    What cannot be noted is not given: the caller sends the bytes after the commit.
    """
    if refusal := guard.refusal(document):
        raise refusal
    assert actor.user_id is not None, "documents are given to people who signed in"
    session.add(
        Download(
            claim_id=document.claim_id,
            document_id=document.id,
            sha256=document.sha256,
            at=now,
            user_id=actor.user_id,
            role=actor.role,
        )
    )


def downloads_of(session: Session, claim: Claim) -> dict[int, Sequence[Download]]:
    """Return who was given the claim's documents, by the document's id, the newest first."""
    found: dict[int, list[Download]] = defaultdict(list)
    log = select(Download).where(Download.claim_id == claim.id).order_by(Download.id.desc()).limit(MOST_SHOWN)
    for each in session.scalars(log.options(joinedload(Download.user))):
        found[each.document_id].append(each)
    return dict(found)


def settle_scan(session: Session, document_id: int, found: str, *, now: datetime) -> bool:
    """Note what the scanner said of a document; what it found goes into the claim's history.

    Returns False where the document was settled before, or went with its draft.
    """
    document = session.get(Document, document_id)
    if document is None:
        return False
    claim = document.claim
    session.refresh(claim, with_for_update={"of": Claim, "key_share": True})
    session.refresh(document, with_for_update={"of": Document})
    if document.scan is not Scan.WAITING:
        return False
    scanning.settle(session, document, found, now=now)
    if found:
        about = {"filename": document.filename, "found": document.scan_words, "sha256": document.sha256}
        history.append(session, claim, "document:infected", actor=SYSTEM, now=now, data=about)
    return True
