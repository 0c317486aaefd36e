"""A disk is full: nothing is half stored, the person is told, and it works again by itself."""

import resource
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.person import File

KIB = 2**10
LARGE = File("minutes.txt", b"Signed by Carla Conti.\n".ljust(400 * KIB, b"x"))
"""Small enough to be kept in memory while it comes in."""
LARGER = File("minutes.txt", b"Signed by Carla Conti.\n".ljust(4600 * KIB, b"x"))
"""Large enough that it waits in the temporary folder until it has come in."""


@contextmanager
def full(pids: Sequence[int], most: int) -> Iterator[None]:
    """Let processes write no file larger than so many bytes: their writes fail as on a full disk."""
    before = [resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids]
    for pid, (_soft, hard) in zip(pids, before, strict=True):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        for pid, limits in zip(pids, before, strict=True):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def stored(house: Installation) -> set[Path]:
    """Return every file of the document store, also what is just coming in."""
    return {path for path in (house.folder / "documents").rglob("*") if path.is_file()}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits another process")
@pytest.mark.parametrize("document", [LARGE, LARGER], ids=["where documents are", "in the temporary folder"])
def test_a_document_that_finds_no_room_is_refused_calmly_whole_and_taken_once_there_is_room(
    installation: Installation, document: File
) -> None:
    cast = Cast.gather(installation).file()
    cast.ines.open(f"/claims/{cast.reference}")
    files, rows = stored(installation), installation.query("SELECT id FROM documents ORDER BY id")
    with full(installation.pids_of("web"), 200 * KIB):
        cast.ines.press("Upload", {"Document": document})
        assert cast.ines.status == 503, cast.ines.words
        assert cast.ines.sees("Try again in a few minutes.")
        assert "Traceback" not in cast.ines.html
        assert stored(installation) == files
        assert installation.query("SELECT id FROM documents ORDER BY id") == rows
        assert installation.person().open("/readyz").status == 200
        assert cast.ines.open(f"/claims/{cast.reference}").sees("Submitted"), "other pages do not work"
    cast.ines.press("Upload", {"Document": document})
    assert cast.ines.sees("minutes.txt"), cast.ines.words
