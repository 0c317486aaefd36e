"""Taking a backup: first the database as of one moment, then the documents that it names.

In this order: a row for a document is written only when its bytes are stored, and bytes are never changed.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from obstore.exceptions import BaseError as ObstoreError
from sqlalchemy import Connection, Engine, func, select

from cpor_web.backup import manifest, programs
from cpor_web.backup.manifest import DATABASE, DOCUMENTS, Manifest
from cpor_web.backup.trouble import BackupError
from cpor_web.database import patience, schema
from cpor_web.history import checkpoints
from cpor_web.models import Base, Checkpoint, Document
from cpor_web.proofs import DocumentStore
from cpor_web.version import __version__

MOST_IN_A_ROW = 3
"""So many documents that cannot be read, one after the other, are a store that cannot be: each may take minutes."""


@dataclass(frozen=True)
class _Moment:
    """What the database held at the moment that was dumped."""

    schema: str
    postgresql: str
    rows: dict[str, int]
    checkpoint: tuple[int, str] | None
    documents: tuple[str, ...]


def take(engine: Engine, documents: DocumentStore, folder: Path, *, now: datetime, pg_bin: Path | None) -> Manifest:
    """Write a backup into `folder`, which is there as a whole in the end or not at all. Work goes on meanwhile.

    pg_bin: where pg_dump is, see `programs.found`. Raises BackupError where the folder is there already, or the dump
    fails; OSError where the disk is full.
    """
    part = folder.with_name(f"{folder.name}.part")
    for there in (folder, part):
        if there.exists():
            raise BackupError(f"{there} is there already. Name a new folder; each backup has its own.")
    part.mkdir(mode=0o700, parents=True)
    try:
        moment = _dump(engine, part / DATABASE, pg_bin)
        stored, missing = _copy(documents, moment.documents, part)
        taken = Manifest(
            at=now,
            program=__version__,
            schema=moment.schema,
            postgresql=moment.postgresql,
            rows=moment.rows,
            checkpoint=moment.checkpoint,
            documents=len(stored),
            document_bytes=sum(file.stat().st_size for file in stored),
            missing=_still_named(engine, missing),
            sums=_write_sums(part, [part / DATABASE, *stored]),
        )
        taken.write(part)
        _flush(part)
        part.rename(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return taken


def _dump(engine: Engine, file: Path, pg_bin: Path | None) -> _Moment:
    """Dump the database as one transaction sees it, and return what that transaction sees."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True) as seen:
        patience.without_limits(seen)
        snapshot = str(seen.scalar(select(func.pg_export_snapshot())))
        found = schema.revision(seen)
        if found is None:
            raise BackupError("The database has no tables of ours. There is nothing to back up.")
        version = str(seen.exec_driver_sql("SHOW server_version").scalar_one())
        pg_dump = programs.found("pg_dump", at_least=int(version.partition(".")[0]), folder=pg_bin)
        asked = ("--format=custom", "--no-owner", "--no-privileges", "--no-password", "--lock-wait-timeout=60s")
        programs.run(pg_dump, *asked, f"--snapshot={snapshot}", f"--file={file}", database=engine.url)
        return _Moment(found, version, _rows(seen), _head(seen), _named(seen))


def _rows(seen: Connection) -> dict[str, int]:
    return {
        table.name: seen.scalar(select(func.count()).select_from(table)) or 0 for table in Base.metadata.sorted_tables
    }


def _head(seen: Connection) -> tuple[int, str] | None:
    newest = select(Checkpoint.__table__).order_by(Checkpoint.number.desc()).limit(1)
    row = seen.execute(newest).one_or_none()
    return (
        (row.number, checkpoints.digest(checkpoints.document_of(Checkpoint(**row._mapping))).hex()) if row else None
    )


def _named(seen: Connection) -> tuple[str, ...]:
    return tuple(seen.scalars(select(Document.sha256).distinct().order_by(Document.sha256)))


def _copy(documents: DocumentStore, named: Iterable[str], folder: Path) -> tuple[list[Path], list[str]]:
    """Copy what the store can give whole; return the files, and the hashes of the rest.

    Raises BackupError where it gives none for another reason than that it has not got it, time after time.
    """
    stored, missing, in_a_row = [], [], list[Exception]()
    for sha256 in named:
        file = folder / DOCUMENTS / sha256[:2] / sha256
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with file.open("wb") as copy:
            for chunk in _readable(documents, sha256, in_a_row):
                digest.update(chunk)
                copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())
        if len(in_a_row) == MOST_IN_A_ROW:
            raise BackupError(f"The store of documents cannot be read: {in_a_row[-1]}")
        if digest.hexdigest() == sha256:
            stored.append(file)
        else:
            file.unlink()
            missing.append(sha256)
    return stored, missing


def _readable(documents: DocumentStore, sha256: str, in_a_row: list[Exception]) -> Iterator[bytes]:
    """Yield what can be read of a document: one that cannot be does not cost the backup of all others.

    `in_a_row` is why those before it could not be, back to the last that could, or was not there.
    """
    try:
        yield from documents.open(sha256)
    except FileNotFoundError:
        in_a_row.clear()
    except (OSError, ObstoreError) as error:  # the store's; what is raised where a chunk is written is not
        in_a_row.append(error)
    else:
        in_a_row.clear()


def _still_named(engine: Engine, missing: Iterable[str]) -> tuple[str, ...]:
    """Return those that the database names even now: what was erased since the dump is not missed."""
    with engine.connect() as connection:
        named = select(Document.sha256).where(Document.sha256.in_(list(missing))).distinct()
        return tuple(sorted(connection.scalars(named)))


def _write_sums(folder: Path, files: Iterable[Path]) -> str:
    lines = [f"{manifest.digest_of(file)}  {file.relative_to(folder).as_posix()}\n" for file in files]
    (folder / manifest.SUMS).write_text("".join(lines), encoding="utf-8")
    return manifest.digest_of(folder / manifest.SUMS)


def _flush(folder: Path) -> None:
    """Have the disk write the files beside the documents before the folder gets its name."""
    for name in (DATABASE, manifest.SUMS, manifest.MANIFEST):
        with (folder / name).open("rb") as file:
            os.fsync(file.fileno())
