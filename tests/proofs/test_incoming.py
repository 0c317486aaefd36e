"""What comes in where documents are kept is hashed and flushed while it comes in."""

import errno
import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from cpor_web.proofs import DocumentStore
from cpor_web.proofs.incoming import AHEAD, CHUNK, Incoming, NotStored

WITHIN = 30.0
"""Seconds after which a test that waits has failed."""

CONTENT = os.urandom(2 * AHEAD + CHUNK // 3)


@pytest.fixture
def incoming(tmp_path: Path) -> Iterator[Incoming]:
    with Incoming.at(tmp_path / "incoming") as file:
        yield file


def come_in(file: IO[bytes], content: bytes = CONTENT) -> None:
    """Write as a form's reader does: a little at a time, and then back to the beginning."""
    for at in range(0, len(content), 2**16):
        file.write(content[at : at + 2**16])
    file.seek(0)


def test_it_is_flushed_while_it_comes_in(incoming: Incoming, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed = threading.Event()
    monkeypatch.setattr(os, "fdatasync", lambda _number: flushed.set())
    incoming.write(bytes(AHEAD))
    assert flushed.wait(WITHIN)


@pytest.mark.parametrize("size", [0, 1, CHUNK, AHEAD - 1, AHEAD, len(CONTENT)])
def test_it_is_hashed_byte_for_byte(incoming: Incoming, size: int) -> None:
    come_in(incoming, CONTENT[:size])
    assert incoming.settle() == (hashlib.sha256(CONTENT[:size]).hexdigest(), size)


def test_what_has_come_in_stays_as_it_is(incoming: Incoming) -> None:
    come_in(incoming)
    incoming.write(b"over the beginning")
    incoming.seek(0)
    assert incoming.settle() == (hashlib.sha256(CONTENT + b"over the beginning").hexdigest(), len(CONTENT) + 18)
    assert incoming.read() == CONTENT + b"over the beginning"


def test_a_disk_that_failed_as_it_came_in_stores_no_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_number: int) -> None:
        raise OSError(errno.EIO, "the disk says once that it failed")

    monkeypatch.setattr(os, "fdatasync", fails)
    documents = DocumentStore(str(tmp_path / "documents"))
    with documents.incoming() as file:
        come_in(file)
        with pytest.raises(NotStored):
            documents.store(file, filename="proof.txt", media_type="text/plain")
    assert documents.is_empty()


def test_it_is_closed_when_nothing_is_done_with_it_any_more(
    incoming: Incoming, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, still_there = threading.Event(), threading.Event(), []

    def slow(number: int) -> None:
        begun.set()
        assert go_on.wait(WITHIN)
        still_there.append(os.fstat(number).st_ino)

    monkeypatch.setattr(os, "fdatasync", slow)
    incoming.write(bytes(AHEAD))
    its_own = os.fstat(incoming.fileno()).st_ino
    assert begun.wait(WITHIN)
    closing = threading.Thread(target=incoming.close)
    closing.start()
    closing.join(0.2)  # so long it would take at most, did it not wait
    go_on.set()
    closing.join(WITHIN)
    assert still_there == [its_own]
