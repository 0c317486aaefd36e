"""Reads checkpoints from the database and from outside it, and keeps what is surely signed."""

import heapq
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, Self

from sqlalchemy import Connection, Row, Text, cast, select

from cpor_web.history import chain, checkpoints
from cpor_web.keys.signing import BadSignature, verify
from cpor_web.models import Checkpoint
from cpor_web.verification.moments import moment_of
from cpor_web.verification.report import Report, span

Copy = dict[str, Any]
"""A checkpoint with its signature, as its file has it: {"checkpoint": …, "signature": …}."""


UNREADABLE = (ValueError, KeyError, TypeError, RecursionError)
"""What reading JSON that somebody else has written can raise."""


class SignedHead(NamedTuple):
    """Where a claim's history stood when a checkpoint was signed, the first that says so."""

    claim_id: int
    position: int
    link: bytes
    checkpoint: int


class SignedHeads:
    """All that checkpoints have signed, sorted: in a temporary file of SQLite's, as it may be more than fits."""

    def __enter__(self) -> Self:
        self._db = sqlite3.connect("")  # its file has no name, and goes with the connection
        self._db.execute("CREATE TABLE heads (claim INTEGER, position INTEGER, link TEXT, checkpoint INTEGER)")
        return self

    def __exit__(self, *_error: object) -> None:
        self._db.close()

    def add(self, number: int, heads: Iterable[tuple[int, int, str]]) -> None:
        """Add what the checkpoint of that number has signed."""
        rows = ((claim, position, link, number) for claim, position, link in heads)
        self._db.executemany("INSERT INTO heads VALUES (?, ?, ?, ?)", rows)

    def __iter__(self) -> Iterator[SignedHead]:
        query = (
            "SELECT claim, position, link, min(checkpoint) FROM heads GROUP BY claim, position, link"
            " ORDER BY claim, position"
        )
        with closing(self._db.execute(query)) as rows:
            for claim, position, link, number in rows:
                yield SignedHead(claim, position, bytes.fromhex(link), number)


def files_in(folder: Path | None) -> dict[int, Path]:
    """Return the checkpoints of a folder by their numbers; none where it is not there."""
    if folder is None or not folder.is_dir():
        return {}
    return {number: checkpoints.path_of(folder, number) for number in checkpoints.numbers_in(folder)}


def gather(
    connection: Connection,
    files: Mapping[int, Path],
    *,
    public: Mapping[str, bytes],
    into: SignedHeads,
    report: Report,
) -> None:
    """Verify every checkpoint, the database's and `files`, against each other, and collect what they signed."""
    expected, previous = 1, chain.START
    for number, row in _side_by_side(connection, files):
        if number > expected:
            report.add(f"checkpoint {span(expected, number - 1)}", None, "is missing, in the database and outside it")
            previous = b""
        trusted = _trusted(number, row, files, public, report)
        for document in trusted:
            if previous and document["previous"] != previous.hex():
                report.add(f"checkpoint {number}", None, "does not follow from the checkpoint before")
            into.add(number, document["heads"])
            report.newest = document["at"]
        expected, previous = number + 1, checkpoints.digest(trusted[0]) if trusted else b""
        report.checkpoints += 1


def _side_by_side(connection: Connection, files: Iterable[int]) -> Iterator[tuple[int, Row[Any] | None]]:
    """Yield every number that a row or a file has, with the row."""
    as_text = (cast(Checkpoint.heads, Text).label("heads"), cast(Checkpoint.signature, Text).label("signature"))
    query = select(Checkpoint.number, moment_of(Checkpoint.at).label("at"), Checkpoint.previous, *as_text)
    rows = connection.execute(
        query.order_by(Checkpoint.number), execution_options={"stream_results": True, "yield_per": 2}
    )
    numbered: list[Iterable[tuple[int, Row[Any] | None]]] = [
        ((row.number, row) for row in rows),
        ((number, None) for number in sorted(files)),
    ]
    for number, pair in groupby(heapq.merge(*numbered, key=itemgetter(0)), key=itemgetter(0)):
        yield number, next((row for _, row in pair if row is not None), None)


def _trusted(
    number: int, row: Row[Any] | None, files: Mapping[int, Path], public: Mapping[str, bytes], report: Report
) -> list[dict[str, Any]]:
    """Return what is surely signed of a checkpoint: one document; more only where its signer has signed two."""
    where = f"checkpoint {number}"
    inside, outside = _of_row(row, where, report), _of_file(files.get(number), where, report)
    if row is None:
        report.add(where, None, "was removed from the database; it is there outside")
    if number in files:
        report.outside += 1
    elif files and number < max(files):
        report.add(where, None, "was removed outside the database; it is there inside")
    else:
        report.not_yet_outside += 1
    if inside and outside and inside != outside:
        report.add(where, None, "differs between the database and outside")
    documents: list[dict[str, Any]] = []
    for place, copy in (("outside the database", outside), ("in the database", inside)):
        if copy and (wrong := _wrong_with(copy, number, public)):
            report.add(where, None, f"{place}: {wrong}")
        elif copy and copy["checkpoint"] not in documents:
            documents.append(copy["checkpoint"])
    return documents


def _wrong_with(copy: Copy, number: int, public: Mapping[str, bytes]) -> str:
    try:
        verify(copy["checkpoint"], copy["signature"], public)
    except BadSignature as error:
        return str(error)
    known = copy["checkpoint"].get("type"), copy["checkpoint"].get("number")
    return "" if known == (checkpoints.TYPE, number) else "another document was put in its place"


def _of_row(row: Row[Any] | None, where: str, report: Report) -> Copy | None:
    if row is None:
        return None
    document = {"type": checkpoints.TYPE, "number": row.number, "at": row.at, "previous": row.previous.hex()}
    try:
        document["heads"] = json.loads(row.heads)
        return _copy({"checkpoint": document, "signature": json.loads(row.signature)})
    except UNREADABLE:
        report.add(where, None, "in the database: it cannot be read")
        return None


def _of_file(path: Path | None, where: str, report: Report) -> Copy | None:
    if path is None:
        return None
    try:
        return _copy(json.loads(path.read_bytes()))
    except (OSError, *UNREADABLE):
        report.add(where, None, "outside the database: the file cannot be read")
        return None


def _copy(found: Any) -> Copy:
    """Raises TypeError or KeyError for what has not the form of a signed document."""
    if not isinstance(found["checkpoint"], dict) or not isinstance(found["signature"], dict):
        raise TypeError("not a signed document")
    return {"checkpoint": found["checkpoint"], "signature": found["signature"]}
