"""Proof of execution: what a document must be, and where its bytes are kept.

A row for a document is written only when its bytes are stored, never the other way round.
"""

import io
from typing import IO, TYPE_CHECKING

from cpor_web.proofs.checks import Candidate, check
from cpor_web.proofs.store import DocumentStore, Stored

if TYPE_CHECKING:
    from flask import Flask

    from cpor_web.config import Settings

__all__ = ["DocumentStore", "Stored", "init_app", "receive"]


def init_app(app: "Flask", settings: "Settings") -> None:
    """Keep the store of documents where `current.documents()` finds it."""
    app.extensions["documents"] = DocumentStore(settings.documents)


def receive(documents: DocumentStore, stream: IO[bytes] | None, *, filename: str | None, limit: int) -> Stored:
    """Check an upload and store its bytes; `limit` is the largest size in bytes.

    Raises Invalid("document") with the reason for the person. Nothing is stored then.
    """
    stream = stream or io.BytesIO()
    candidate = Candidate.of(stream, filename, limit)
    checked = check(candidate)
    return documents.store(stream, filename=candidate.filename, media_type=checked.media_type, pages=checked.pages)
