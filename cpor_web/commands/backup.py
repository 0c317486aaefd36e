"""`cpor db backup` and `cpor db restore`.

What a command needs is imported inside it, so that `cpor --help` answers at once.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from cpor_web.backup import Manifest
    from cpor_web.programme import Programme

MIB = 2**20
AFTER_A_RESTORE = """\
All closing is held until an administrator has looked and releases it: Administration, Holding. Whoever was silent by
then may have denied since; ask the proxy's and the mail server's logs, and the customers. Everybody signs in anew.
If the application has a role of its own: cpor db grant ROLE. Then start web, worker and ticker, and: cpor doctor"""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def backup(folder: Path) -> None:
    """Back up the database and the documents into FOLDER, a new one. Work goes on meanwhile.

    Run it as the owner of the tables. Settings and keys are not in it. Ends with 1 where documents are missing.
    """
    from cpor_web import backup as backups
    from cpor_web import clock
    from cpor_web.web.current import documents, settings

    with _installation() as engine:
        taken = backups.take(engine, documents(), folder, now=clock.utcnow(), pg_bin=_folder(settings().pg_bin))
    click.echo(f"Backed up into {folder}: {_summary(taken)}")
    if taken.missing:
        click.echo(f"{len(taken.missing):,} documents are missing or damaged in the store:", err=True)
        click.echo("\n".join(f"  {sha256}" for sha256 in taken.missing[:10]), err=True)
        sys.exit(1)


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--keep-documents", is_flag=True, help="Documents may be there already; what they lack is added.")
def restore(folder: Path, keep_documents: bool) -> None:
    """Restore the backup in FOLDER into an empty database and an empty place for documents.

    Run it as the owner of the tables, before anything is started. A damaged backup is refused, and changes nothing.
    """
    import flask_migrate

    from cpor_web import backup as backups
    from cpor_web import clock
    from cpor_web.backup.restoring import Place
    from cpor_web.extensions import db
    from cpor_web.web.current import documents, programme, settings

    def as_it_is_there() -> "Programme":
        found = programme()
        db.session.rollback()  # no transaction stays open while the rest is done
        return found

    with _installation() as engine:
        place = Place(engine, documents(), settings().checkpoints, flask_migrate.upgrade, _folder(settings().pg_bin))
        restored = backups.restore(
            folder, place, keep_documents=keep_documents, now=clock.utcnow(), programme=as_it_is_there
        )
    click.echo(f"Restored the backup of {restored.manifest.at:%Y-%m-%d %H:%M:%S} UTC: {_summary(restored.manifest)}")
    if restored.manifest.missing:
        click.echo(f"{len(restored.manifest.missing):,} documents were missing in it; its manifest.json names them.")
    if restored.in_doubt:
        click.echo(f"{restored.in_doubt:,} mails that waited may have gone out since: Mails, Needs a person.")
    if restored.newer_checkpoints:
        click.echo(f"{restored.newer_checkpoints:,} newer checkpoints were moved aside: they show what was lost.")
    click.echo(AFTER_A_RESTORE)


@contextmanager
def _installation() -> "Iterator[Engine]":
    """Hold the application of the environment's settings, and tell trouble in a sentence."""
    from cpor_web import create_app
    from cpor_web.backup import BackupError
    from cpor_web.extensions import db

    try:
        with create_app().app_context():
            try:
                yield db.engine
            finally:
                db.session.remove()
                db.engine.dispose()
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.strerror}: {error.filename or 'writing'}") from error


def _summary(manifest: "Manifest") -> str:
    size = f"{manifest.document_bytes / MIB:,.1f} MiB"
    checkpoint = f"checkpoint {manifest.checkpoint[0]}" if manifest.checkpoint else "no checkpoint"
    return (
        f"{manifest.rows['claims']:,} claims, {manifest.rows['events']:,} events, {sum(manifest.rows.values()):,} "
        f"rows in all, {manifest.documents:,} documents ({size}), {checkpoint}, tables {manifest.schema}."
    )


def _folder(named: str) -> Path | None:
    return Path(named) if named else None
