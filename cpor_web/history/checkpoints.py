"""Checkpoints of the history: signed, chained to each other, and kept outside the database too.

Whoever can write SQL can compute a chain afresh. They cannot sign, nor reach the copies that lie elsewhere.
"""

import contextlib
import hashlib
import itertools
import logging
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from cpor_web.clock import CLOCKS_APART
from cpor_web.history import chain
from cpor_web.keys.signing import BadSignature, SigningKeys, canonical, verify
from cpor_web.models import Checkpoint, HistoryHead, Seal

log = logging.getLogger(__name__)

TYPE = "cpor history checkpoint v1"
AT_ONCE = 5_000
"""Heads in one checkpoint at most; a full one is followed by another at once. About 450 kB."""

ONE_AT_A_TIME = 6_046_741_083
"""The lock, for the length of a transaction, of whoever takes a checkpoint."""

NAME = re.compile(r"checkpoint-(\d{9})\.json")


def take_due(session: Session, *, keys: SigningKeys, now: datetime, every: timedelta) -> Checkpoint | None:
    """Add the next checkpoint if it is due: the first, one after a full one, one `every` so often, even an empty one.

    Heads are read as they are committed, and nobody who appends waits. Returns None where none is due, or where
    somebody else is taking one. One that a clock took which was ahead keeps no other waiting.
    """
    if not session.scalar(select(func.pg_try_advisory_xact_lock(ONE_AT_A_TIME))):
        return None
    newest = select(Checkpoint.number, func.jsonb_array_length(Checkpoint.heads).label("heads"))
    known = session.execute(newest.order_by(Checkpoint.number.desc()).limit(1)).one_or_none()
    taken_at = session.scalar(newest_at().where(Checkpoint.at <= now + CLOCKS_APART))
    if known is not None and known.heads < AT_ONCE and taken_at is not None and now < taken_at + every:
        return None
    last, moved = session.get_one(Checkpoint, known.number) if known else None, _moved(session)
    taken = Checkpoint(
        number=last.number + 1 if last else 1,
        at=now,
        previous=digest(document_of(last)) if last else chain.START,
        heads=[[claim, position, link.hex()] for claim, position, link in moved],
    )
    taken.signature = keys.sign(document_of(taken))
    session.add(taken)
    if moved:
        seals = insert(Seal).values([{"claim_id": claim, "position": position} for claim, position, _ in moved])
        further = {"position": seals.excluded.position}
        session.execute(seals.on_conflict_do_update(index_elements=["claim_id"], set_=further))
    session.flush()
    return taken


def newest_at() -> Select[datetime]:
    """Return what finds the moment of the newest checkpoint, of those that it is further restricted to."""
    return select(Checkpoint.at).order_by(Checkpoint.number.desc()).limit(1)


def put_outside(session: Session, folder: Path, *, public: Mapping[str, bytes]) -> None:
    """Write every checkpoint that `folder` lacks, a file each, and make the folder where there is none.

    A file is there as a whole or not at all, and is never overwritten. What cannot be done is logged as a warning:
    a row that none of the `public` keys has signed, a file that says something else than its row, a full disk.
    """
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        there = numbers_in(folder)
        numbers = session.scalars(select(Checkpoint.number).order_by(Checkpoint.number)).all()
        for number in numbers:
            if number not in there or number == numbers[-1]:
                _write(folder, session.get_one(Checkpoint, number), public)
    except OSError as error:
        log.warning("checkpoints could not be written outside the database: %s", error.strerror)


def document_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return what is signed of a checkpoint: a JSON document."""
    return {
        "type": TYPE,
        "number": checkpoint.number,
        "at": chain.moment(checkpoint.at),
        "previous": checkpoint.previous.hex(),
        "heads": checkpoint.heads,
    }


def digest(document: Mapping[str, Any]) -> bytes:
    """Return the SHA-256 of a document's canonical form: what the checkpoint after it has as `previous`."""
    return hashlib.sha256(canonical(document)).digest()


def numbers_in(folder: Path) -> set[int]:
    """Return the numbers of the checkpoints that a folder has, by the names of its files."""
    return {int(match[1]) for each in folder.iterdir() if (match := NAME.fullmatch(each.name))}


def path_of(folder: Path, number: int) -> Path:
    """Return where a checkpoint is kept outside the database."""
    return folder / f"checkpoint-{number:09}.json"


def set_aside(folder: Path, newest: int, name: str) -> int:
    """Move the checkpoints newer than `newest` into a new folder `name` inside, and return how many there were.

    They are of a time that a restored database does not know: evidence of what was lost. Where the same backup was
    restored before, that folder is there, and has evidence of its own: the new one is then `name`-2, and so on.
    """
    newer = [number for number in numbers_in(folder) if number > newest] if folder.is_dir() else []
    if not newer:
        return 0
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    aside = next(free for each in names if not (free := folder / each).exists())
    aside.mkdir(mode=0o755)
    for number in newer:
        path_of(folder, number).rename(path_of(aside, number))
    return len(newer)


def _moved(session: Session) -> Sequence[tuple[int, int, bytes]]:
    """Return (claim id, position, link) of histories that have moved since a checkpoint covered them."""
    query = (
        select(HistoryHead.claim_id, HistoryHead.position, HistoryHead.link)
        .outerjoin(Seal, Seal.claim_id == HistoryHead.claim_id)
        .where(HistoryHead.position > func.coalesce(Seal.position, 0))
        .order_by(HistoryHead.claim_id)
        .limit(AT_ONCE)
    )
    return [(row.claim_id, row.position, row.link) for row in session.execute(query)]


def _write(folder: Path, checkpoint: Checkpoint, public: Mapping[str, bytes]) -> None:
    document, path = document_of(checkpoint), path_of(folder, checkpoint.number)
    try:
        verify(document, checkpoint.signature, public)
    except BadSignature as error:
        log.warning("checkpoint %s was not written outside the database: %s", checkpoint.number, error)
        return
    content = canonical({"checkpoint": document, "signature": checkpoint.signature})
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".checkpoint-") as whole:
        whole.write(content)
        whole.flush()
        os.fchmod(whole.fileno(), 0o644)
        os.fsync(whole.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(whole.name, path)
    _sync(folder)
    if path.read_bytes() != content:
        log.warning(
            "checkpoint %s differs from its file outside the database: run cpor history verify", checkpoint.number
        )


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
