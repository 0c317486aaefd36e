"""Proof of execution: what a document must be, and where its bytes are kept.

A row for a document is written only when its bytes are stored, never the other way round.
"""

import io
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import IO, TYPE_CHECKING

from cpor_web.proofs.checks import Candidate, check
from cpor_web.proofs.examining import apart, examine, expect
from cpor_web.proofs.store import DocumentStore, Stored

if TYPE_CHECKING:
    from flask import Flask

    from cpor_web.config import Settings

__all__ = ["DocumentStore", "Stored", "expect", "init_app", "receive"]


def init_app(app: "Flask", settings: "Settings") -> None:
    """Keep the store of documents where `current.documents()` finds it."""
    app.extensions["documents"] = DocumentStore(settings.documents)


def receive(documents: DocumentStore, stream: IO[bytes] | None, *, filename: str | None, limit: int) -> Stored:
    """Check an upload and store its bytes; `limit` is the largest size in bytes.

    Its bytes are written while it is examined, which takes as long. Raises Invalid("document") with the reason for
    the person, and NotStored. Nothing is stored then.
    """
    candidate = Candidate.of(stream or io.BytesIO(), filename, limit)
    kind = check(candidate)
    store = partial(documents.store, filename=candidate.filename, media_type=kind.media_type)
    if not kind.inspected_as:
        return store(candidate.stream)
    with apart(candidate.stream) as file, ThreadPoolExecutor(1) as beside:
        pages = beside.submit(examine, kind.inspected_as, file)
        return store(candidate.stream, pages=pages.result)
