"""A file that comes in where documents are kept: whole it becomes one, and else it is gone."""

import hashlib
import io
import os
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

CHUNK = 2**20
AHEAD = 4 * CHUNK
"""Bytes that come in until they are hashed and flushed, while more come."""


class NotStored(OSError):
    """The store did not take a document: its disk is full, or it is away. Nothing of it is kept."""


class Incoming(io.BufferedRandom):
    """A file that comes in where documents are kept, to be stored without being copied: gone when it is closed.

    What is in it stays as it came, more is only added: so it is hashed, and sent to the disk, while it comes in.
    """

    def __init__(self, file: io.FileIO) -> None:
        super().__init__(file)
        self.path = Path(file.name)
        self._digest, self._hashed, self._added = hashlib.sha256(), 0, 0
        self._hashing, self._flushing = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        self._ahead: list[Future[Any]] = []

    @classmethod
    def at(cls, path: Path) -> "Incoming":
        """Return a new one, for its owner only."""
        return cls(io.FileIO(path, "x+", opener=_only_added_to))

    def write(self, data: "ReadableBuffer", /) -> int:
        """Add to it."""
        written = super().write(data)
        self._added += written
        if self._added >= AHEAD:
            self._added = 0
            self._ahead += [self._hashing.submit(self._hash), self._flushing.submit(os.fdatasync, self.fileno())]
        return written

    def settle(self) -> tuple[str, int]:
        """Return the hash and the size of what is in it, all of which is on the disk then."""
        self.flush()
        self._ahead.append(self._hashing.submit(self._hash))  # the disk does not wait for the processor
        os.fsync(self.fileno())
        for each in self._ahead:
            each.result()  # a disk says once that it failed
        return self._digest.hexdigest(), self._hashed

    def _hash(self) -> None:
        while chunk := os.pread(self.fileno(), CHUNK, self._hashed):
            self._digest.update(chunk)
            self._hashed += len(chunk)

    def refuse_another(self, size: int) -> None:
        """Raise NotStored unless its name still leads to this file, and to so many bytes.

        Who has examined it can find its name, and could have put a file of ours there for its uploader to download.
        """
        there = self.path.stat(follow_symlinks=False)
        if not os.path.samestat(there, os.fstat(self.fileno())) or there.st_size != size:
            raise NotStored("it is not what was read")

    def close(self) -> None:
        """Close it; what was stored has another name by now. An answer does not fail for what cannot be tidied up."""
        for beside in (self._hashing, self._flushing):
            beside.shutdown(cancel_futures=True)  # nobody is to read another file by this one's number
        with suppress(OSError):  # the disk is full: nobody misses what was not written
            super().close()
        with suppress(OSError):
            self.path.unlink()


def _only_added_to(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_APPEND, 0o600)
