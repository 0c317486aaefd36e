"""Checkpoints: taken when due, over what has moved, by one at a time, and written outside once and for all."""

import json
import logging
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

import jobs.upkeep
from cpor_web import history
from cpor_web.config import Settings
from cpor_web.history import chain, checkpoints
from cpor_web.keys.signing import SigningKeys, verify
from cpor_web.models import Checkpoint, Claim, HistoryHead, Seal
from cpor_web.programme import Programme
from cpor_web.rules.roles import SYSTEM
from tests.support import claims
from tests.support.claims import NOW

KEYS = SigningKeys(["A" * 43])
HOUR = timedelta(hours=1)


def take(session: Session, hours: float = 0) -> Checkpoint | None:
    return checkpoints.take_due(session, keys=KEYS, now=NOW + hours * HOUR, every=HOUR)


def heads(session: Session) -> list[list[object]]:
    session.flush()
    rows = session.execute(select(HistoryHead.claim_id, HistoryHead.position, HistoryHead.link).order_by("claim_id"))
    return [[row.claim_id, row.position, row.link.hex()] for row in rows]


def test_the_first_is_due_at_once_and_has_every_history(db_session: Session, programme: Programme) -> None:
    claims.submitted(db_session, programme)
    claims.denied(db_session, programme)
    taken = take(db_session)
    assert taken is not None
    assert (taken.number, taken.previous) == (1, chain.START)
    assert taken.heads == heads(db_session)
    assert verify(checkpoints.document_of(taken), taken.signature, KEYS.public)


def test_the_next_is_due_after_its_time_and_has_what_moved_since(db_session: Session, programme: Programme) -> None:
    claim = claims.submitted(db_session, programme)
    claims.submitted(db_session, programme)
    first = take(db_session)
    history.append(db_session, claim, "claim:edited", actor=SYSTEM, now=NOW)
    assert take(db_session, 0.99) is None
    second, third = take(db_session, 1), take(db_session, 2)
    assert first is not None
    assert second is not None
    assert third is not None
    assert [head[0] for head in second.heads] == [claim.id]
    assert (third.number, third.heads) == (3, [])
    assert second.previous == checkpoints.digest(checkpoints.document_of(first))
    assert third.previous == checkpoints.digest(checkpoints.document_of(second))


def test_one_of_a_clock_that_was_ahead_keeps_no_other_waiting(db_session: Session, programme: Programme) -> None:
    claims.submitted(db_session, programme)
    assert take(db_session) is not None
    assert take(db_session, 9) is not None, "by the clock that is ahead"
    assert take(db_session, 0.99) is None, "the last of the right ones was a moment ago"
    after = take(db_session, 1)
    assert after is not None
    assert after.number == 3
    assert db_session.scalar(checkpoints.newest_at()) == after.at
    assert take(db_session, 1) is None


def test_a_full_one_is_followed_at_once(
    db_session: Session, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "AT_ONCE", 2)
    for _ in range(3):
        claims.editing(db_session, programme)
    taken = [take(db_session), take(db_session), take(db_session)]
    assert [len(each.heads) if each else None for each in taken] == [2, 1, None]
    assert [head for each in taken if each for head in each.heads] == heads(db_session)


def test_the_document_is_the_same_after_the_database(db_session: Session, programme: Programme) -> None:
    claims.submitted(db_session, programme)
    taken = take(db_session)
    assert taken is not None
    before = checkpoints.digest(checkpoints.document_of(taken))
    db_session.expire_all()
    assert checkpoints.digest(checkpoints.document_of(taken)) == before
    assert verify(checkpoints.document_of(taken), taken.signature, KEYS.public)


@pytest.mark.parametrize("statement", ["UPDATE {} SET at = at", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_refuses_to_change_or_remove_one(db_session: Session, statement: str) -> None:
    take(db_session)
    with pytest.raises(DBAPIError, match="rows of checkpoints are only added"), db_session.begin_nested():
        db_session.execute(text(statement.format("checkpoints")))


def test_who_appends_is_not_waited_for_and_does_not_wait(
    committed: Session, engine: Engine, programme: Programme
) -> None:
    busy, idle = claims.submitted(committed, programme), claims.submitted(committed, programme)
    committed.commit()
    before = heads(committed)
    history.append(committed, busy, "claim:edited", actor=SYSTEM, now=NOW)
    committed.flush()  # not committed: holds the head's lock
    with Session(engine) as other:
        other.execute(text("SET LOCAL lock_timeout = '2s'"))
        taken = take(other)
        assert taken is not None
        assert taken.heads == before
        committed.execute(text("SET LOCAL lock_timeout = '2s'"))
        history.append(committed, idle, "claim:edited", actor=SYSTEM, now=NOW)
        committed.flush()
        other.commit()
    committed.commit()
    after = take(committed, 1)
    assert after is not None
    assert [head[0] for head in after.heads] == [busy.id, idle.id]


def test_of_two_at_once_one_takes_it(committed: Session, engine: Engine, programme: Programme) -> None:
    claims.submitted(committed, programme)
    committed.commit()
    with Session(engine) as one, Session(engine) as two:
        assert take(one) is not None
        assert take(two) is None
        one.commit()
        two.rollback()
        assert take(two) is None, "it is not due any more"


def test_it_is_written_outside_whole_and_verifies_there(
    db_session: Session, programme: Programme, tmp_path: Path
) -> None:
    claims.submitted(db_session, programme)
    taken = take(db_session)
    assert taken is not None
    checkpoints.put_outside(db_session, tmp_path / "new" / "folder", public=KEYS.public)
    (file,) = (tmp_path / "new" / "folder").iterdir()
    assert file.name == "checkpoint-000000001.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    found = json.loads(file.read_bytes())
    assert found == {"checkpoint": checkpoints.document_of(taken), "signature": taken.signature}


def test_what_a_crash_left_out_is_written_by_the_next_run(db_session: Session, tmp_path: Path) -> None:
    for hours in range(3):
        take(db_session, hours)
    checkpoints.put_outside(db_session, tmp_path, public=KEYS.public)
    contents = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    checkpoints.path_of(tmp_path, 2).unlink()
    db_session.expire_all()
    checkpoints.put_outside(db_session, tmp_path, public=KEYS.public)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == contents


def test_a_file_is_never_overwritten(db_session: Session, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    take(db_session)
    checkpoints.path_of(tmp_path, 1).write_text("what was here first", encoding="utf-8")
    checkpoints.put_outside(db_session, tmp_path, public=KEYS.public)
    assert checkpoints.path_of(tmp_path, 1).read_text(encoding="utf-8") == "what was here first"
    assert "checkpoint 1 differs from its file" in caplog.text
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint-000000001.json"]


def test_what_one_restore_of_a_backup_set_aside_another_does_not_write_over(tmp_path: Path) -> None:
    for content in ("of the first time", "of the second"):
        checkpoints.path_of(tmp_path, 7).write_text(content)
        assert checkpoints.set_aside(tmp_path, 6, "after-x") == 1
    kept = {path.parent.name: path.read_text() for path in tmp_path.glob("after-*/*")}
    assert kept == {"after-x": "of the first time", "after-x-2": "of the second"}


def test_a_row_that_we_have_not_signed_is_not_written(
    db_session: Session, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    take(db_session)
    checkpoints.put_outside(db_session, tmp_path, public=SigningKeys(["B" * 42 + "A"]).public)
    assert list(tmp_path.iterdir()) == []
    assert "checkpoint 1 was not written" in caplog.text


def test_a_folder_that_cannot_be_written_is_told(
    db_session: Session, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        take(db_session)
        checkpoints.put_outside(db_session, tmp_path / "taken", public=KEYS.public)
    assert "could not be written outside the database" in caplog.text


@pytest.fixture
def job(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(jobs.upkeep, "app", lambda: app)
    return settings


def test_the_job_takes_all_there_is_and_puts_it_outside(
    committed: Session, programme: Programme, job: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "AT_ONCE", 2)
    made = [claims.editing(committed, programme) for _ in range(5)]
    committed.commit()
    jobs.upkeep.checkpoint()
    jobs.upkeep.checkpoint()
    taken = committed.scalars(select(Checkpoint).order_by(Checkpoint.number)).all()
    assert [len(each.heads) for each in taken] == [2, 2, 1]
    assert checkpoints.numbers_in(job.checkpoints) == {1, 2, 3}
    assert (
        committed.scalar(select(func.count(Seal.claim_id)))
        == len(made)
        == committed.scalar(select(func.count(Claim.id)))
    )
    for file in job.checkpoints.iterdir():
        file.unlink()
