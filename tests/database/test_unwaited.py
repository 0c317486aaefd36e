"""A statement that is not waited for: it runs meanwhile, each time by itself, over a connection of the pool's."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from cpor_web.database.prepared import Numbered
from cpor_web.database.unwaited import Unwaited
from cpor_web.extensions import db

DIVIDED = Numbered("SELECT 1 WHERE $1::integer / $2::integer = 1 AND $3::text IS NULL", ("all", "by", "but"))


@pytest.fixture
def engine_of_the_app(app: Flask) -> Iterator[Engine]:
    with app.app_context():
        yield db.engine


@pytest.fixture
def divided(engine_of_the_app: Engine) -> Iterator[Unwaited]:
    """One that is taken, and closed afterwards."""
    taken = Unwaited(engine_of_the_app, DIVIDED)
    yield taken
    taken.close()


def test_each_time_it_tells_whether_it_found_a_row(divided: Unwaited) -> None:
    found = []
    for all_, by, but in ((7, 7, None), (7, 2, None), (7, 7, "one")):
        divided.begin({"but": but, "by": by, "all": all_, "more": "is not asked for"})
        found.append(divided.found())
    assert found == [True, False, False]


def test_it_runs_while_its_caller_does_something_else(engine_of_the_app: Engine) -> None:
    with engine_of_the_app.connect() as other:
        other.execute(text("SELECT pg_advisory_lock(7)"))
        waiting = Unwaited(engine_of_the_app, Numbered("SELECT pg_advisory_xact_lock($1::bigint)", ("lock",)))
        waiting.begin({"lock": 7})
        other.execute(text("SELECT pg_advisory_unlock(7)"))
        assert waiting.found()
        waiting.close()


def test_what_is_refused_is_told_as_sqlalchemy_tells_it_and_it_can_be_run_again(divided: Unwaited) -> None:
    divided.begin({"all": 7, "by": 0, "but": None})
    with pytest.raises(DBAPIError, match="division by zero"):
        divided.found()
    divided.begin({"all": 7, "by": 7, "but": None})
    assert divided.found()


def test_a_statement_that_cannot_be_planned_says_so(engine_of_the_app: Engine) -> None:
    nowhere = Unwaited(engine_of_the_app, Numbered("SELECT 1 FROM nowhere", ()))
    with pytest.raises(DBAPIError, match="nowhere"):
        nowhere.begin({})
    nowhere.close()


@pytest.mark.parametrize("meanwhile", ["SELECT 1", "DEALLOCATE ALL"])
def test_whoever_takes_the_connection_next_finds_it_planned_or_plans_it_anew(
    engine_of_the_app: Engine, meanwhile: str
) -> None:
    times = []
    for _time in range(2):
        divided = Unwaited(engine_of_the_app, DIVIDED)
        divided.begin({"all": 7, "by": 7, "but": None})
        assert divided.found()
        divided.close()
        with engine_of_the_app.connect() as same:
            planned = text("SELECT count(*) FROM pg_prepared_statements WHERE statement = :it")
            times.append(same.scalar(planned, {"it": DIVIDED.text}))
            same.execute(text(meanwhile))
    assert times == [1, 1]


def test_a_connection_that_was_lost_is_told_so_and_given_to_nobody_else(engine_of_the_app: Engine) -> None:
    gone = Unwaited(engine_of_the_app, Numbered("SELECT pg_terminate_backend(pg_backend_pid())", ()))
    gone.begin({})
    with pytest.raises(DBAPIError) as lost:
        gone.found()
    assert lost.value.connection_invalidated
    gone.close()
    with engine_of_the_app.connect() as another:
        assert another.scalar(text("SELECT 1")) == 1
