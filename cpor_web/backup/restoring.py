"""Restoring a backup into an empty place: nothing is changed before all of it is known to be whole, and fit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, func, inspect, select, table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from cpor_web.backup import aftermath, manifest, programs
from cpor_web.backup.manifest import DATABASE, Manifest
from cpor_web.backup.trouble import BackupError
from cpor_web.database import patience, schema
from cpor_web.history import checkpoints
from cpor_web.programme import Programme
from cpor_web.proofs import DocumentStore
from cpor_web.transactions import transaction


@dataclass(frozen=True)
class Place:
    """Where a backup is restored to. `upgrade` brings the database's tables up to this version.

    checkpoints: the folder of those outside the database. pg_bin: where pg_restore is, see `programs.found`.
    """

    engine: Engine
    documents: DocumentStore
    checkpoints: Path
    upgrade: Callable[[], None]
    pg_bin: Path | None


@dataclass(frozen=True)
class Restored:
    """What was restored: how many mails it is not known of whether they went out, and which checkpoints are newer."""

    manifest: Manifest
    in_doubt: int
    newer_checkpoints: int


def restore(
    folder: Path, place: Place, *, keep_documents: bool, now: datetime, programme: Callable[[], Programme]
) -> Restored:
    """Put the database and the documents of a backup into an empty place, and settle what nobody can know any more.

    keep_documents: documents may be there already; what the backup has beside them is added. `programme` is asked
    once the tables are there. Raises BackupError, and has changed nothing then unless the message says that the place
    is half filled.
    """
    whole = manifest.verified(folder)
    pg_restore = _fit(folder, whole, place)
    _refuse_what_is_not_empty(place, keep_documents=keep_documents)
    asked = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-password")
    into, url = f"--dbname={place.engine.url.database}", place.engine.url
    programs.run(pg_restore, *asked, into, str(folder / DATABASE), database=url)
    with _half_filled():
        _compare(place.engine, whole)
        for file in manifest.documents(folder):
            with file.open("rb") as content:
                place.documents.store(content, filename=file.name, media_type="")
        place.upgrade()
        with Session(place.engine) as session, transaction(session):
            in_doubt = aftermath.settle(session, backed_up_at=whole.at, now=now, programme=programme())
    newest = whole.checkpoint[0] if whole.checkpoint else 0
    return Restored(
        whole, in_doubt, checkpoints.set_aside(place.checkpoints, newest, f"after-{whole.at:%Y%m%dT%H%M%S}")
    )


@contextmanager
def _half_filled() -> Iterator[None]:
    """Say of trouble from here on that the place is to be emptied before another attempt."""
    try:
        yield
    except (BackupError, OSError, SQLAlchemyError) as error:
        what = "The place is half filled now. Start nothing; empty the database and the documents, and try again."
        raise BackupError(f"{error}\n{what}") from error


def _fit(folder: Path, whole: Manifest, place: Place) -> Path:
    """Return a pg_restore that can read the dump, where this version of the program knows its tables."""
    if not schema.knows(whole.schema):
        raise BackupError(
            f"The backup is of a newer version ({whole.program}, tables {whole.schema}). Install that version first."
        )
    with place.engine.connect() as connection:
        server = str(connection.exec_driver_sql("SHOW server_version").scalar_one())
    needed = max(int(version.partition(".")[0]) for version in (server, whole.postgresql))
    pg_restore = programs.found("pg_restore", at_least=needed, folder=place.pg_bin)
    programs.run(pg_restore, "--list", str(folder / DATABASE))
    return pg_restore


def _refuse_what_is_not_empty(place: Place, *, keep_documents: bool) -> None:
    with place.engine.connect() as connection:
        if tables := inspect(connection).get_table_names():
            raise BackupError(
                f"The database is not empty: it has {len(tables)} tables. Name an empty one with CPOR_DATABASE_URL."
            )
    if not keep_documents and not place.documents.is_empty():
        raise BackupError(
            f"There are documents already in {place.documents.url}. Name an empty place with CPOR_DOCUMENTS_URL; or, "
            "where they are this installation's own, say --keep-documents: what is missing is then put beside them."
        )


def _compare(engine: Engine, whole: Manifest) -> None:
    with engine.connect() as connection:
        patience.without_limits(connection)
        for name, expected in whole.rows.items():
            if (found := connection.scalar(select(func.count()).select_from(table(name)))) != expected:
                raise BackupError(f"{name} has {found} rows, and the backup {expected}.")
