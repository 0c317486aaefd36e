"""What is put aside is written before anything is read, once, and goes with what is rolled back."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cpor_web.entities import aside
from cpor_web.models import Claim, Heartbeat
from cpor_web.programme import Programme
from tests.support import claims
from tests.support.one_mail import NOW
from tests.support.statements import is_of, sent

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


def test_what_waits_is_written_by_one_statement(db_session: Session) -> None:
    db_session.add(Heartbeat(name="old", at=NOW))
    db_session.flush()
    _put(db_session, "one", "two")
    aside.put(db_session, aside.into(Heartbeat, "name", "at"), {"name": "three", "at": NOW.isoformat()})
    with sent(is_of(db_session)) as statements:
        db_session.flush()
    assert len(statements) == 1
    assert _names(db_session) == ["old", "one", "three", "two"]


def test_columns_of_rows_that_are_there_are_written_over(db_session: Session, programme: Programme) -> None:
    first, second = (claims.submitted(db_session, programme) for _each in range(2))
    db_session.flush()
    write = aside.over(Claim, "name", "days_used")
    aside.put(db_session, write, {"id": first.id, "name": "Another", "days_used": 3})
    aside.put(db_session, write, {"id": second.id, "name": "Others", "days_used": 0})
    db_session.flush()
    db_session.expire_all()
    assert [(each.name, each.days_used) for each in (first, second)] == [("Another", 3), ("Others", 0)]
