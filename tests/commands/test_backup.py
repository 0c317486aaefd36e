"""`cpor db backup` and `cpor db restore`, as an operator runs them, from one database and folder into others."""

import hashlib
import io
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import replace
from errno import ENOSPC
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, create_engine, event, select, text
from sqlalchemy.orm import Session

from cpor_web import clock, verification
from cpor_web.backup import aftermath, manifest, taking
from cpor_web.cli import cli
from cpor_web.config import Settings
from cpor_web.embedded.postgres import find_binaries
from cpor_web.history import checkpoints
from cpor_web.keys.signing import SigningKeys
from cpor_web.models import Base, Claim, Document, Mail, MailState
from cpor_web.programme import Programme
from cpor_web.proofs import DocumentStore
from cpor_web.silence import holding
from tests.support import claims
from tests.support.servers import Servers

PROOF = b"%PDF-1.7 signed by the customer"
Env = dict[str, str | None]


def cpor(env: Env, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["db", *arguments], env=env)


def counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            table.name: connection.scalar(text(f'SELECT count(*) FROM "{table.name}"')) or 0
            for table in Base.metadata.sorted_tables
        }


@pytest.fixture
def env(settings: Settings, tmp_path: Path) -> Env:
    """What an installation is told, with a data folder of its own."""
    return {
        "CPOR_ENVIRONMENT": "development",
        "CPOR_DATABASE_URL": settings.database_url,
        "CPOR_REDIS_URL": settings.redis_url,
        "CPOR_DATA_DIR": str(tmp_path / "data"),
        "CPOR_PUBLIC_URL": settings.public_url,
        "CPOR_SECRET_KEYS": secrets.token_urlsafe(32),
        "CPOR_CONSENT_KEYS": secrets.token_urlsafe(32),
        "CPOR_SIGNING_KEYS": settings.signing_keys[0],
        "CPOR_PG_BIN": str(find_binaries()),
    }


@pytest.fixture
def elsewhere(env: Env, running: Servers, worker_number: int, tmp_path: Path) -> Env:
    """The same, with an empty database and an empty folder."""
    database = running.new_database(f"cpor_restored_{worker_number}")
    return env | {"CPOR_DATABASE_URL": database, "CPOR_DATA_DIR": str(tmp_path / "elsewhere")}


@pytest.fixture
def restored(elsewhere: Env) -> Iterator[Engine]:
    engine = create_engine(str(elsewhere["CPOR_DATABASE_URL"]))
    yield engine
    engine.dispose()


@pytest.fixture
def claim(committed: Session, programme: Programme, settings: Settings, env: Env, tmp_path: Path) -> Claim:
    """A claim whose customer has not been asked yet: its notice waits. It has a proof, and a checkpoint."""
    stored = DocumentStore(str(tmp_path / "data" / "documents")).store(
        io.BytesIO(PROOF), filename="order.pdf", media_type="application/pdf"
    )
    claim = claims.approved(committed, programme, now=clock.utcnow())
    for document in committed.scalars(select(Document)):
        document.sha256 = stored.sha256
    keys = SigningKeys(settings.signing_keys)
    checkpoints.take_due(committed, keys=keys, now=claims.NOW, every=claims.NOW - claims.NOW)
    committed.commit()
    checkpoints.put_outside(committed, tmp_path / "data" / "checkpoints", public=keys.public)
    committed.commit()
    return claim


@pytest.fixture
def taken(env: Env, claim: Claim, tmp_path: Path) -> Path:
    """A backup of it."""
    told = cpor(env, "backup", str(tmp_path / "backup"))
    assert told.exit_code == 0, told.output
    assert "1 documents" in told.output
    return tmp_path / "backup"


def test_what_was_backed_up_is_restored_row_for_row_and_byte_for_byte_and_its_history_stands(
    taken: Path, elsewhere: Env, engine: Engine, restored: Engine, settings: Settings, claim: Claim, tmp_path: Path
) -> None:
    before = counts(engine)
    assert json.loads((taken / "manifest.json").read_text())["rows"] == before
    told = cpor(elsewhere, "restore", str(taken))
    assert told.exit_code == 0, told.output
    after = counts(restored)
    made_anew = {"mails", "events", "holdings"}
    assert {name for name in before if after[name] != before[name]} <= made_anew
    store = DocumentStore(str(tmp_path / "elsewhere" / "documents"))
    assert b"".join(store.open(hashlib.sha256(PROOF).hexdigest())) == PROOF
    with restored.connect() as connection:
        report = verification.verify(
            connection, folder=tmp_path / "data" / "checkpoints", public=SigningKeys(settings.signing_keys).public
        )
    assert (report.count, report.claims, report.checkpoints) == (0, 1, 1)


def test_no_mail_that_waited_goes_out_by_itself_closing_is_held_and_numbers_are_not_given_twice(
    taken: Path, elsewhere: Env, restored: Engine, committed: Session, claim: Claim
) -> None:
    waiting = set(committed.scalars(select(Mail.id).where(Mail.due_at.is_not(None))))
    assert waiting
    told = cpor(elsewhere, "restore", str(taken))
    assert f"{len(waiting)} mails that waited may have gone out since" in told.output
    with Session(restored) as session:
        mails = session.scalars(select(Mail).where(Mail.id.in_(waiting))).all()
        assert {(mail.state, mail.needs_a_person, mail.due_at) for mail in mails} == {(MailState.UNKNOWN, True, None)}
        new = session.scalars(select(Mail).where(Mail.due_at.is_not(None))).all()
        assert {mail.kind for mail in new} <= {"not-delivered"}, "something else went out"
        assert all(mail.id > max(waiting) + aftermath.GAP / 2 for mail in new)
        assert (held := holding.in_force(session)) is not None
        assert held.restored_from is not None
        assert holding.bars(session)
        assert not session.scalars(text("SELECT 1 FROM sign_ins WHERE ended_at IS NULL")).all()


@pytest.mark.parametrize("name", ["database.dump", "SHA256SUMS", "a document", "manifest.json"])
def test_a_damaged_backup_is_refused_and_nothing_is_changed(
    taken: Path, elsewhere: Env, restored: Engine, name: str, tmp_path: Path
) -> None:
    file = next((taken / "documents").rglob("*/*")) if name == "a document" else taken / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    told = cpor(elsewhere, "restore", str(taken))
    assert told.exit_code == 1
    assert "damaged" in told.output or "cannot be read" in told.output or "is of another kind" in told.output
    with restored.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")) == 0
    assert DocumentStore(str(tmp_path / "elsewhere" / "documents")).is_empty()


def test_a_backup_that_lacks_a_file_is_refused(taken: Path, elsewhere: Env) -> None:
    (taken / "database.dump").unlink()
    told = cpor(elsewhere, "restore", str(taken))
    assert (told.exit_code, told.output) == (1, "Error: The backup is damaged: database.dump is missing.\n")


def test_a_place_that_is_not_empty_is_refused(taken: Path, env: Env, elsewhere: Env, tmp_path: Path) -> None:
    told = cpor(env, "restore", str(taken))
    assert told.exit_code == 1
    assert "The database is not empty" in told.output
    there = elsewhere | {"CPOR_DATA_DIR": str(tmp_path / "data")}
    told = cpor(there, "restore", str(taken))
    assert told.exit_code == 1
    assert "There are documents already" in told.output
    assert cpor(there, "restore", "--keep-documents", str(taken)).exit_code == 0


def test_a_backup_of_a_newer_version_is_refused(taken: Path, elsewhere: Env) -> None:
    replace(manifest.read(taken), schema="9999", program="99.0").write(taken)
    told = cpor(elsewhere, "restore", str(taken))
    assert told.exit_code == 1
    assert "The backup is of a newer version (99.0, tables 9999)." in told.output


def test_a_backup_names_the_documents_that_are_missing_and_ends_with_one(
    env: Env, claim: Claim, elsewhere: Env, tmp_path: Path
) -> None:
    (document,) = (tmp_path / "data" / "documents").rglob("*/*" + hashlib.sha256(PROOF).hexdigest()[2:])
    document.write_bytes(b"%PDF-1.7 not what was signed")
    told = cpor(env, "backup", str(tmp_path / "backup"))
    assert told.exit_code == 1
    assert hashlib.sha256(PROOF).hexdigest() in told.output
    told = cpor(elsewhere, "restore", str(tmp_path / "backup"))
    assert "1 documents were missing in it" in told.output


def test_a_document_that_cannot_be_read_is_named_and_all_else_is_backed_up(
    env: Env, claim: Claim, elsewhere: Env, tmp_path: Path
) -> None:
    (document,) = (tmp_path / "data" / "documents").rglob("*/*" + hashlib.sha256(PROOF).hexdigest()[2:])
    document.unlink()
    document.symlink_to(document.name)  # no rights would do, but not to root
    told = cpor(env, "backup", str(tmp_path / "backup"))
    assert told.exit_code == 1
    assert f"1 documents are missing or damaged in the store:\n  {document.name}" in told.output
    assert cpor(elsewhere, "restore", str(tmp_path / "backup")).exit_code == 0


def test_a_store_that_cannot_be_read_ends_it_and_leaves_none(
    env: Env, claim: Claim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "MOST_IN_A_ROW", 1)
    (document,) = (tmp_path / "data" / "documents").rglob("*/*" + hashlib.sha256(PROOF).hexdigest()[2:])
    document.unlink()
    document.symlink_to(document.name)
    told = cpor(env, "backup", str(tmp_path / "backup"))
    assert told.exit_code == 1
    assert told.output.startswith("Error: The store of documents cannot be read: ")
    assert {path.name for path in tmp_path.iterdir()} == {"data"}


def test_a_disk_that_is_full_of_the_backup_ends_it_and_leaves_none(
    env: Env, claim: Claim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_descriptor: int) -> None:
        raise OSError(ENOSPC, os.strerror(ENOSPC))

    monkeypatch.setattr(os, "fsync", fails)
    told = cpor(env, "backup", str(tmp_path / "backup"))
    assert (told.exit_code, told.output) == (1, "Error: No space left on device: writing\n")
    assert {path.name for path in tmp_path.iterdir()} == {"data"}


def test_what_was_restored_is_counted_however_long_it_takes(taken: Path, elsewhere: Env) -> None:
    limits = set()

    def look(_connection: object, cursor: Any, statement: str, *_more: object) -> None:
        if statement.startswith("SELECT count(*)"):
            limits.add(cursor.execute("SHOW statement_timeout").fetchone()[0])

    event.listen(Engine, "before_cursor_execute", look)
    try:
        assert cpor(elsewhere, "restore", str(taken)).exit_code == 0
    finally:
        event.remove(Engine, "before_cursor_execute", look)
    assert limits == {"0"}


def test_a_backup_takes_no_folder_that_is_there_and_leaves_none_where_it_fails(
    env: Env, taken: Path, tmp_path: Path
) -> None:
    told = cpor(env, "backup", str(taken))
    assert (told.exit_code, "is there already" in told.output) == (1, True)
    told = cpor(env | {"CPOR_PG_BIN": str(tmp_path)}, "backup", str(tmp_path / "other"))
    assert told.exit_code == 1
    assert "pg_dump of PostgreSQL" in told.output
    assert {path.name for path in tmp_path.iterdir()} == {"data", "backup"}


def test_newer_checkpoints_are_moved_aside_by_a_restore(
    taken: Path, elsewhere: Env, env: Env, tmp_path: Path
) -> None:
    outside = tmp_path / "data" / "checkpoints"
    newer = checkpoints.path_of(outside, 7)
    newer.write_text("{}")
    told = cpor(elsewhere | {"CPOR_CHECKPOINTS_DIR": str(outside)}, "restore", str(taken))
    assert "1 newer checkpoints were moved aside" in told.output
    assert checkpoints.numbers_in(outside) == {1}
    assert len(list(outside.rglob(newer.name))) == 1
