"""A statement by itself goes past SQLAlchemy: its connection is one of the pool's all the same, and so are errors."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from cpor_web.database import direct
from cpor_web.database.alone import Alone
from cpor_web.extensions import db


@pytest.fixture
def alone(app: Flask) -> Iterator[Alone]:
    """One that is taken, and closed afterwards."""
    with app.app_context():
        taken = Alone(db.engine)
    yield taken
    taken.close()


def test_a_statement_returns_its_value_and_none_where_it_finds_nothing(alone: Alone) -> None:
    assert alone.ask("SELECT 41 + %(more)s::bigint", {"more": 1}) == 42
    assert alone.ask("SELECT 1 WHERE %(is_so)s", {"is_so": False}) is None


def test_several_statements_are_sent_as_one_transaction(alone: Alone) -> None:
    alone.send("CREATE TEMPORARY TABLE things (name text)")
    with pytest.raises(DBAPIError, match="division"):
        alone.send("INSERT INTO things VALUES (%s); SELECT 1 / 0", ("lost",))
    alone.send("SET LOCAL lock_timeout = '7ms'; INSERT INTO things VALUES (%s)", ("'kept' %s",))

    assert alone.ask("SELECT string_agg(name, ',') FROM things", {}) == "'kept' %s"
    assert alone.ask("SHOW lock_timeout", {}) != "7ms"


def test_what_is_refused_is_told_as_sqlalchemy_tells_it_without_values(alone: Alone) -> None:
    with pytest.raises(ProgrammingError) as refused:
        alone.ask("SELECT %(name)s FROM nowhere", {"name": "Carla Conti"})

    assert not refused.value.connection_invalidated
    assert "Carla Conti" not in str(refused.value)
    assert alone.ask("SELECT 1", {}) == 1, "the connection is sound"


def test_a_lost_connection_is_told_of_and_not_given_to_the_next(app: Flask) -> None:
    with app.app_context():
        lost = Alone(db.engine)
        with pytest.raises(OperationalError) as told:
            lost.ask("SELECT pg_terminate_backend(pg_backend_pid())", {})
        lost.close()
        assert told.value.connection_invalidated
        following = Alone(db.engine)
        assert following.ask("SELECT 1", {}) == 1
        following.close()


def test_a_connection_whose_loss_nobody_was_told_of_is_given_back_without_a_word(app: Flask) -> None:
    with app.app_context():
        lost = Alone(db.engine)
        assert lost.ask("SELECT 1", {}) == 1
        direct.driver(lost._taken).pgconn.finish()
        lost.close()
        following = Alone(db.engine)
        assert following.ask("SELECT 1", {}) == 1
        following.close()


def test_who_takes_the_connection_next_begins_transactions_as_ever(app: Flask) -> None:
    with app.app_context():
        first = Alone(db.engine)
        first.info["seen"] = True
        first.ask("SELECT 1", {})
        first.close()
        connections = [db.engine.connect() for _each in range(db.engine.pool.checkedin())]
        try:
            (same,) = [each for each in connections if each.info.pop("seen", False)]
            assert not same.connection.driver_connection.autocommit  # type: ignore[union-attr]
        finally:
            for each in connections:
                each.close()
