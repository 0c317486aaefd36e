"""The manifest of a backup: what is in it, and the digests by which a damaged one is known.

A backup is a folder: `manifest.json`, `SHA256SUMS` (a line a file, as `sha256sum --check` reads it), `database.dump`,
and `documents/`, each by its hash as the document store has it.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cpor_web.backup.trouble import BackupError

TYPE = "cpor backup v1"
MANIFEST, SUMS, DATABASE, DOCUMENTS = "manifest.json", "SHA256SUMS", "database.dump", "documents"


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. `at` is the moment that the database was seen at; `rows` counts each table's.

    `program` and `schema` are the version that made it and its last migration, `postgresql` the server's.
    `checkpoint` is the newest one, [number, digest in hex], None before the first. `missing` names documents that the
    database names and the store could not give. `sums` is the SHA-256 of the list of digests.
    """

    at: datetime
    program: str
    schema: str
    postgresql: str
    rows: dict[str, int]
    checkpoint: tuple[int, str] | None
    documents: int
    document_bytes: int
    missing: tuple[str, ...]
    sums: str

    def write(self, folder: Path) -> None:
        """Write it, last of all: a folder without it is no backup."""
        said = asdict(self) | {"type": TYPE, "at": self.at.isoformat()}
        said["sha256"] = _digest(said)
        (folder / MANIFEST).write_text(json.dumps(said, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def read(folder: Path) -> Manifest:
    """Return the manifest of a backup. Raises BackupError where there is none that can be read."""
    try:
        said: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if said.pop("type") != TYPE:  # a newer version may know it
            raise BackupError(f"{folder / MANIFEST} is of another kind than “{TYPE}”.")
        if said.pop("sha256") != _digest(said | {"type": TYPE}):
            raise BackupError(f"The backup is damaged: {MANIFEST} is not what it was.")
        said["at"], said["missing"] = datetime.fromisoformat(said["at"]), tuple(said["missing"])
        said["checkpoint"] = tuple(said["checkpoint"]) if said["checkpoint"] else None
        return Manifest(**said)
    except FileNotFoundError:
        raise BackupError(f"{folder} is no backup: it has no {MANIFEST}.") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(f"{folder / MANIFEST} cannot be read as the manifest of a backup.") from error


def verified(folder: Path) -> Manifest:
    """Return the manifest of a backup of which every byte is as it was written. Raises BackupError."""
    manifest = read(folder)
    try:
        if digest_of(folder / SUMS) != manifest.sums:
            raise BackupError(f"The backup is damaged: {SUMS} is not the one that its manifest names.")
        for sha256, name in sums(folder):
            if digest_of(folder / name) != sha256:
                raise BackupError(f"The backup is damaged: {name} is not what it was. Take another backup.")
    except FileNotFoundError as error:
        raise BackupError(f"The backup is damaged: {Path(str(error.filename)).name} is missing.") from error
    return manifest


def _digest(said: dict[str, Any]) -> str:
    """Return the SHA-256 of what a manifest says, but for this digest itself."""
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def sums(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the digest and the name of each file of a backup."""
    for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
        sha256, _, name = line.partition("  ")
        yield sha256, name


def documents(folder: Path) -> Iterator[Path]:
    """Yield the documents of a backup."""
    return (folder / name for _, name in sums(folder) if name.startswith(f"{DOCUMENTS}/"))


def digest_of(file: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
