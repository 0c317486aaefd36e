"""A statement that is asked of psycopg itself is part of the session's transaction; its errors are SQLAlchemy's."""

import pytest
from sqlalchemy.exc import InternalError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from cpor_web.database import direct
from cpor_web.models import Heartbeat
from tests.support.one_mail import NOW

_NAMES = "SELECT name FROM heartbeats WHERE at = %(at)s ORDER BY name"


def _names(session: Session) -> list[str]:
    return [name for (name,) in direct.ask(session, _NAMES, {"at": NOW})]


def test_it_sees_what_its_transaction_has_written_and_is_undone_with_it(committed: Session) -> None:
    committed.add(Heartbeat(name="one", at=NOW))
    committed.flush()
    direct.ask(committed, "INSERT INTO heartbeats (name, at) VALUES ('two', %(at)s)", {"at": NOW})
    assert _names(committed) == ["one", "two"]

    committed.rollback()

    assert _names(committed) == []


def test_what_is_refused_is_told_without_values_and_leaves_the_rollback_to_the_caller(committed: Session) -> None:
    with pytest.raises(ProgrammingError) as refused:
        direct.ask(committed, "SELECT %(name)s FROM nowhere", {"name": "Carla Conti"})
    assert not refused.value.connection_invalidated
    assert "Carla Conti" not in str(refused.value)
    with pytest.raises(InternalError, match="aborted"):
        _names(committed)

    committed.rollback()

    assert _names(committed) == []


def test_after_a_lost_connection_and_a_rollback_the_session_takes_another(committed: Session) -> None:
    with pytest.raises(OperationalError) as told:
        direct.ask(committed, "SELECT pg_terminate_backend(pg_backend_pid())", {})
    assert told.value.connection_invalidated

    committed.rollback()

    assert _names(committed) == []
