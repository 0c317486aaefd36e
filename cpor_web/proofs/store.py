"""Where documents' bytes are kept: a folder or an object store, under the hash of what is in them."""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import IO

import obstore
from obstore.store import LocalStore, ObjectStore, from_url

from cpor_web.models import Document

CHUNK = 2**20
INCOMING = "incoming"


@dataclass(frozen=True)
class Stored:
    """A document whose bytes are stored: what a row needs to know of it. `size` in bytes."""

    sha256: str
    size: int
    filename: str
    media_type: str

    def as_document(self) -> Document:
        """Return a row for it, which does not yet say of which claim and by whom."""
        return Document(**asdict(self))


class DocumentStore:
    """Documents by the SHA-256 of their content: written once, never changed.

    `url` is a folder, or an address that obstore knows (`s3://…`, `az://…`, `gs://…`, `memory:///`). Nothing is
    opened or made before the first use.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def _folder(self) -> Path | None:
        return None if "://" in self.url else Path(self.url)

    @cached_property
    def _objects(self) -> ObjectStore:
        if (folder := self._folder) is None:
            return from_url(self.url)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / INCOMING).mkdir(mode=0o700, exist_ok=True)
        return LocalStore(folder)

    def store(self, stream: IO[bytes], *, filename: str, media_type: str) -> Stored:
        """Store what is left in `stream`, a chunk at a time, and return what it is now known by.

        The bytes are under their final name only when all of them are there.
        """
        incoming = f"{INCOMING}/{secrets.token_hex(16)}"
        try:
            sha256, size = self._write(incoming, stream)
        except BaseException:
            self._forget(incoming)
            raise
        if self.has(sha256):
            self._forget(incoming)
        else:
            self._keep_private(incoming, _place(sha256))
            obstore.rename(self._objects, incoming, _place(sha256))
        return Stored(sha256, size, filename, media_type)

    def has(self, sha256: str) -> bool:
        """Tell whether the bytes with this hash are stored."""
        try:
            obstore.head(self._objects, _place(sha256))
        except FileNotFoundError:
            return False
        return True

    def open(self, sha256: str) -> Iterator[bytes]:
        """Return the bytes, a chunk at a time. Raises FileNotFoundError at once where there are none."""
        found = obstore.get(self._objects, _place(sha256))
        return (bytes(chunk) for chunk in found.stream(min_chunk_size=CHUNK))

    def _write(self, place: str, stream: IO[bytes]) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        with obstore.open_writer(self._objects, place) as writer:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                writer.write(chunk)
        return digest.hexdigest(), size

    def _keep_private(self, incoming: str, place: str) -> None:
        """Close file and folder to everybody else, which a store of objects does by its own rules."""
        if self._folder is not None:
            (self._folder / incoming).chmod(0o600)
            (self._folder / place).parent.mkdir(mode=0o700, exist_ok=True)

    def _forget(self, place: str) -> None:
        try:
            obstore.delete(self._objects, place)
        except FileNotFoundError:
            return


def _place(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"
