"""What is put aside is written before anything is read, once, and goes with what is rolled back."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cpor_web import aside
from cpor_web.models import Heartbeat
from tests.support.one_mail import NOW

WRITE = aside.into(Heartbeat, "name", "at")


def _put(session: Session, *names: str) -> None:
    for name in names:
        aside.put(session, WRITE, {"name": name, "at": NOW.isoformat()})


def _names(session: Session) -> list[str]:
    return list(session.scalars(select(Heartbeat.name).order_by(Heartbeat.name)))


def test_it_is_there_for_whoever_reads_in_the_same_transaction(db_session: Session) -> None:
    _put(db_session, "one", "two")
    assert _names(db_session) == ["one", "two"]
    _put(db_session, "three")
    assert db_session.scalar(select(func.count()).select_from(Heartbeat)) == 3
    db_session.flush()
    assert db_session.get_one(Heartbeat, "three").at == NOW


def test_it_is_written_by_the_commit(committed: Session) -> None:
    _put(committed, "one")
    committed.commit()
    committed.rollback()
    assert _names(committed) == ["one"]


def test_what_is_rolled_back_is_never_written(committed: Session) -> None:
    _put(committed, "never")
    committed.rollback()
    _put(committed, "one")
    committed.commit()
    assert _names(committed) == ["one"]


def test_a_savepoint_undoes_what_came_after_it_and_keeps_what_came_before(committed: Session) -> None:
    _put(committed, "before")
    savepoint = committed.begin_nested()
    _put(committed, "within")
    savepoint.rollback()
    _put(committed, "after")
    committed.commit()
    assert _names(committed) == ["after", "before"]


def test_what_the_database_refuses_is_told_by_the_flush_and_takes_all_with_it(committed: Session) -> None:
    _put(committed, "one", "one")
    with pytest.raises(DBAPIError, match="heartbeats_key"):
        committed.flush()
    committed.rollback()
    assert _names(committed) == []


def test_no_commit_goes_past_what_was_refused(committed: Session) -> None:
    committed.add(Heartbeat(name="beside it", at=NOW))
    committed.flush()
    _put(committed, "one", "one")
    with pytest.raises(DBAPIError, match="heartbeats_key"):
        committed.flush()
    with pytest.raises(DBAPIError, match="aborted"):
        committed.commit()
    committed.rollback()
    committed.commit()
    assert _names(committed) == []


def test_nor_past_what_could_not_be_written_at_all(committed: Session) -> None:
    committed.add(Heartbeat(name="beside it", at=NOW))
    committed.flush()
    aside.put(committed, WRITE, {"name": "no JSON", "at": NOW})
    for attempt in (committed.flush, committed.commit):
        with pytest.raises(TypeError, match="not JSON serializable"):
            attempt()
    committed.rollback()
    assert _names(committed) == []


def test_what_was_refused_behind_a_savepoint_goes_with_it(committed: Session) -> None:
    _put(committed, "before")
    savepoint = committed.begin_nested()
    _put(committed, "one", "one")
    with pytest.raises(DBAPIError, match="heartbeats_key"):
        committed.flush()
    savepoint.rollback()
    committed.commit()
    assert _names(committed) == ["before"]
