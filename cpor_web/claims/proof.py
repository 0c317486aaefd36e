"""What happens to a claim's documents, and is written down.

They are added, scanned, given out, and taken off again unless they were handed in.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, joinedload

from cpor_web import history, lifecycle, queue
from cpor_web.models import Claim, Document, Download, ProofCell, Scan
from cpor_web.proofs import scanning
from cpor_web.rules import fields
from cpor_web.rules.exc import Invalid, NotAllowed
from cpor_web.rules.roles import CLAIMANTS, SYSTEM, Actor, require
from cpor_web.rules.words import N_

MOST_DOCUMENTS = 100
"""Of one claim. Nobody reviews more, and submitted proof is never removed."""

MOST_SHOWN = 500
"""Lines of a claim's access log that its page shows, the newest."""

KEPT = N_("This document was submitted, and stays. A newer one can be marked as its replacement.")


def _need_room(session: Session, claim: Claim) -> None:
    """Raise Invalid where the claim has as many documents as it may have."""
    number = session.scalar(select(func.count()).where(Document.claim_id == claim.id)) or 0
    if number >= MOST_DOCUMENTS:
        raise Invalid(
            N_("The claim has %(number)s documents, and more cannot be added. Put several pages into one file."),
            {"number": number},
            field_name="document",
        )


def attach(
    session: Session, claim: Claim, document: Document, *, actor: Actor, now: datetime, replaces: int | None = None
) -> None:
    """Make a document whose bytes are stored already proof of a claim that is locked; it is scanned next.

    `replaces` is the id of one of this claim's that it replaces. Raises Invalid where that is none that can be
    replaced, or the claim has no room.
    """
    _need_room(session, claim)
    assert actor.user_id is not None, "documents are uploaded by people who signed in"
    document.claim_id, document.uploaded_at, document.uploaded_by_id = claim.id, now, actor.user_id
    session.add(document)
    session.flush()
    queue.ring_after_commit(session, queue.SCAN_DOCUMENTS)
    data = _told_of(document)
    if replaces is not None:
        old = session.get(Document, replaces)
        if old is None or old.claim_id != claim.id or old.replaced_by_id is not None:
            raise Invalid(N_("Choose a document of this claim that was not replaced yet."), field_name="replaces")
        old.replaced_by_id = document.id
        data["replaces"] = old.filename
    history.append(session, claim, "document:uploaded", actor=actor, now=now, data=data)


def give(
    session: Session, document: Document, *, actor: Actor, now: datetime, scanner: scanning.ScannerState
) -> None:
    """Note that `actor` is given the document. Raises NotAllowed where nobody is, with what happens next.

    What cannot be noted is not given: the caller sends the bytes after the commit.
    """
    if refusal := scanner.refusal(document):
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


def take_off(
    session: Session, claim: Claim, document: Document, *, actor: Actor, now: datetime, seen: int | None = None
) -> None:
    """Take a document off what was not handed in yet; places in it are forgotten.

    What it replaced counts again, but where it was replaced itself: then its replacement replaces both. Raises
    NotAllowed for what was submitted. Its bytes go once no claim has them.
    """
    require(actor, CLAIMANTS)
    lifecycle.hold(session, claim, seen=seen)
    if not lets_go(claim, document):
        raise NotAllowed(KEPT)
    replaced = update(Document).where(Document.replaced_by_id == document.id)
    session.execute(replaced.values(replaced_by_id=document.replaced_by_id))
    named = update(ProofCell).where(ProofCell.document_id == document.id)
    session.execute(named.values(document_id=None, page=""))
    session.delete(document)
    claim.version += 1
    history.append(session, claim, "document:removed", actor=actor, now=now, data=_told_of(document))


def _told_of(document: Document) -> dict[str, object]:
    """Return what the history tells of a document that comes or goes."""
    return {"filename": document.filename, "size": document.size, "sha256": document.sha256}


def lets_go(claim: Claim, document: Document) -> bool:
    """Tell whether a document of the claim can be taken off again."""
    return fields.lets_proof_go(claim.status, uploaded_at=document.uploaded_at, since=claim.status_since)


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
