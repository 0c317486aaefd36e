"""Where documents' bytes are kept: a folder or an object store, under the hash of what is in them."""

import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError as ObstoreError
from obstore.store import LocalStore, ObjectStore, from_url

from cpor_web.clock import utcnow
from cpor_web.models import Document
from cpor_web.proofs.incoming import CHUNK, Incoming, NotStored

INCOMING = "incoming"
PIECE = 5 * 2**20
"""Bytes that an object store is sent at a time; the least that S3 takes."""

PIECES_AT_ONCE = 2

RENEWED_AFTER = timedelta(days=1)
"""What is this old is written again where it is uploaded again: it might be about to be forgotten."""


class Stored(NamedTuple):
    """A document whose bytes are stored: what a row needs to know of it. `size` in bytes, `pages` where counted."""

    sha256: str
    size: int
    filename: str
    media_type: str
    pages: int | None = None

    def as_document(self) -> Document:
        """Return a row for it, which does not yet say of which claim and by whom."""
        return Document(**self._asdict())


class DocumentStore:
    """Documents by the SHA-256 of their content: written once, never changed.

    `url` is a folder, also as `file://…`, or an address that obstore knows (`s3://…`, `az://…`, `gs://…`). How to
    reach that, and with which credentials, it takes from the environment. Nothing is opened before the first use.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def folder(self) -> Path | None:
        """The folder that documents are kept in, None where it is an object store."""
        if self.url.startswith("file://"):
            return Path(unquote(urlsplit(self.url).path))
        return None if "://" in self.url else Path(self.url)

    @cached_property
    def _objects(self) -> ObjectStore:
        if (folder := self.folder) is None:
            return from_url(self.url)
        _make(folder)
        return LocalStore(folder)

    def incoming(self) -> IO[bytes]:
        """Return a file for what may become a document, which is gone when it is closed. Raises NotStored."""
        if self.folder is None:
            return tempfile.TemporaryFile()
        try:
            _make(self.folder)
            return Incoming.at(self.folder / _unnamed())
        except OSError as error:
            raise NotStored("no document can come in") from error

    def store(
        self, stream: IO[bytes], *, filename: str, media_type: str, pages: Callable[[], int | None] = lambda: None
    ) -> Stored:
        """Store what is left in `stream`, a chunk at a time, and return what it is now known by.

        The bytes are under their final name only when all of them are there, and on the disk: a power cut after
        the row's commit must not leave a row alone. What came in here (`incoming`) is not copied. `pages` is asked
        before the bytes get their name: where it raises, nothing is stored. Raises NotStored.
        """
        try:
            return self._store(stream, filename, media_type, pages)
        except ConnectionError:
            raise  # it was `stream` that ended
        except (OSError, ObstoreError) as error:
            raise NotStored("the document could not be stored") from error

    def _store(self, stream: IO[bytes], filename: str, media_type: str, pages: Callable[[], int | None]) -> Stored:
        if self.folder is not None and not isinstance(stream, Incoming):
            with self.incoming() as copy:
                shutil.copyfileobj(stream, copy, CHUNK)
                copy.seek(0)
                return self._store(copy, filename, media_type, pages)
        incoming = f"{INCOMING}/{stream.path.name}" if isinstance(stream, Incoming) else _unnamed()
        try:
            sha256, size = stream.settle() if isinstance(stream, Incoming) else self._write(incoming, stream)
            stored = Stored(sha256, size, filename, media_type, pages())
            if isinstance(stream, Incoming):
                stream.refuse_another(size)
        except BaseException:
            self._forget(incoming)
            raise
        if self._is_fresh(_place(sha256), RENEWED_AFTER):
            self._forget(incoming)
        else:
            self._name(incoming, _place(sha256))
        return stored

    def has(self, sha256: str) -> bool:
        """Tell whether the bytes with this hash are stored."""
        try:
            obstore.head(self._objects, _place(sha256))
        except FileNotFoundError:
            return False
        return True

    def is_empty(self) -> bool:
        """Tell whether nothing is stored, but for what was broken off while it came in."""
        places = (str(each["path"]) for page in obstore.list(self._objects) for each in page)
        return all(place.startswith(f"{INCOMING}/") for place in places)

    def open(self, sha256: str) -> Iterator[bytes]:
        """Return the bytes, a chunk at a time. Raises FileNotFoundError at once where there are none."""
        found = obstore.get(self._objects, _place(sha256))
        return (bytes(chunk) for chunk in found.stream(min_chunk_size=CHUNK))

    def older_than(self, before: datetime) -> Iterator[list[str]]:
        """Yield the hashes of what was stored before a moment, a listing's page at a time.

        What was broken off while it came in is removed on the way.
        """
        for page in obstore.list(self._objects):
            old = [str(each["path"]) for each in page if each["last_modified"] < before]
            for place in old:
                if place.startswith(f"{INCOMING}/"):
                    self._forget(place)
            yield [name for name in (place.rpartition("/")[2] for place in old) if _place(name) in old]

    def forget(self, sha256: str, before: datetime) -> bool:
        """Remove the bytes with this hash, unless they were stored anew since `before`; tell whether it was done."""
        try:
            if obstore.head(self._objects, _place(sha256))["last_modified"] >= before:
                return False
        except FileNotFoundError:
            return False
        self._forget(_place(sha256))
        return True

    def _is_fresh(self, place: str, age: timedelta) -> bool:
        try:
            return obstore.head(self._objects, place)["last_modified"] > utcnow() - age
        except FileNotFoundError:
            return False

    def _write(self, place: str, stream: IO[bytes]) -> tuple[str, int]:
        writing = obstore.open_writer(self._objects, place, buffer_size=PIECE, max_concurrency=PIECES_AT_ONCE)
        with writing as writer:
            return _read(stream, writer.write)

    def _name(self, incoming: str, place: str) -> None:
        """Put what came in under its final name, in a folder that is closed to everybody else."""
        if self.folder is not None:
            (self.folder / place).parent.mkdir(mode=0o700, exist_ok=True)
        obstore.rename(self._objects, incoming, place)
        if self.folder is not None:
            _flush((self.folder / place).parent)
            _flush(self.folder)

    def _forget(self, place: str) -> None:
        try:
            obstore.delete(self._objects, place)
        except FileNotFoundError:
            return


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / INCOMING).mkdir(mode=0o700, exist_ok=True)


def _read(stream: IO[bytes], do: Callable[[bytes], object]) -> tuple[str, int]:
    """Return the hash and the size of what is left in `stream`, having done something with each chunk."""
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
        do(chunk)
    return digest.hexdigest(), size


def _flush(path: Path) -> None:
    """Have the disk write what is in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unnamed() -> str:
    return f"{INCOMING}/{secrets.token_hex(16)}"


def _place(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"
