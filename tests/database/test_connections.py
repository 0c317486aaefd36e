"""Kept connections: those that are surely sound are not asked, and none that has ended is used."""

import select
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg.pq import DiagnosticField
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import InternalError

from cpor_web.config import Settings
from cpor_web.database import connections, direct
from cpor_web.extensions import db
from cpor_web.web import flask_settings

WITHIN_MS = 120_000


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """An engine of its own that keeps one connection."""
    engine = create_engine(settings.database_url, pool_events=connections.EVENTS, pool_size=1, max_overflow=1)
    yield engine
    engine.dispose()


def use(engine: Engine) -> int:
    """Use a connection; return the number of the server's process behind it."""
    with engine.connect() as connection:
        return connection.scalars(text("SELECT pg_backend_pid()")).one()


def test_a_connection_that_has_ended_meanwhile_is_made_anew_and_nobody_notices(engine: Engine) -> None:
    with engine.connect() as first, engine.connect() as other:
        kept = first.connection.dbapi_connection
        pid = first.scalars(text("SELECT pg_backend_pid()")).one()
        first.close()
        other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        other.rollback()
        waiting = select.poll()
        waiting.register(kept.fileno(), select.POLLIN)  # type: ignore[union-attr]
        assert waiting.poll(WITHIN_MS), "the server never hung up"
        assert use(engine) != pid


@pytest.mark.parametrize(("trusted", "times"), [(3600.0, 0), (-1.0, 1)])
def test_a_connection_is_asked_only_where_it_was_not_used_for_long(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, trusted: float, times: int
) -> None:
    pid, asked = use(engine), []
    ask = psycopg.Connection.execute

    def noted(connection: psycopg.Connection[Any], query: str) -> psycopg.Cursor[Any]:
        asked.append(query)
        return ask(connection, query)

    monkeypatch.setattr(connections, "TRUSTED_SECONDS", trusted)
    monkeypatch.setattr(psycopg.Connection, "execute", noted)
    assert use(engine) == pid
    assert len(asked) == times


def test_the_connection_that_was_given_back_last_is_taken_first(app: Flask) -> None:
    """Else PostgreSQL plans for each of them in turn what it has planned for another."""
    with app.app_context():
        engine = db.engine
        with engine.connect() as first, engine.connect() as other:
            pids = [each.scalars(text("SELECT pg_backend_pid()")).one() for each in (first, other)]
            first.close()
            other.close()
            assert [use(engine), use(engine)] == [pids[1], pids[1]]


def test_a_connection_is_made_anew_after_a_while_and_with_it_its_plans(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        pid = use(db.engine)
        assert use(db.engine) == pid
        later = time.time() + flask_settings.KEPT_SECONDS + 1
        monkeypatch.setattr("sqlalchemy.pool.base.time.time", lambda: later)
        assert use(db.engine) != pid


def ask(connection: Connection) -> object:
    """Ask as SQLAlchemy does."""
    return connection.execute(text("SELECT 1"))


def ask_directly(connection: Connection) -> object:
    """Ask psycopg itself."""
    return direct.run(connection, direct.driver(connection).cursor(), "SELECT 1", {})


@pytest.mark.parametrize(("severity", "lost"), [(b"FATAL", True), (b"PANIC", True), (b"ERROR", False)])
@pytest.mark.parametrize("way", [ask, ask_directly])
def test_a_connection_whose_end_was_announced_is_lost_before_it_has_ended(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, way: Callable[[Connection], object], severity: bytes, lost: bool
) -> None:
    def announce(*_: Any, **__: Any) -> None:
        told: dict[int, bytes | None] = {DiagnosticField.SEVERITY_NONLOCALIZED: severity}
        raise psycopg.errors.IdleInTransactionSessionTimeout("terminating connection", info=told)

    with engine.connect() as connection:
        with monkeypatch.context() as broken:
            broken.setattr(psycopg.Cursor, "execute", announce)
            with pytest.raises(InternalError) as refused:
                way(connection)
        assert (refused.value.connection_invalidated, connection.invalidated) == (lost, lost)
