"""What a connection has prepared outlasts the page that it was prepared for."""

import pytest
from flask import Flask
from psycopg import OperationalError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from cpor_web.database.prepared import Prepared
from cpor_web.extensions import db

QUESTION = "SELECT 41 + %(more)s::BIGINT"
KEPT = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT 41 + %%'"


def asked(connection: Connection) -> int:
    connection.connection.dbapi_connection.prepare_threshold = 0  # type: ignore[union-attr]
    return connection.exec_driver_sql(QUESTION, {"more": 1}).scalar_one()  # type: ignore[no-any-return]


def test_what_is_prepared_outlasts_a_rollback_and_a_failed_statement(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        connection.exec_driver_sql("CREATE TEMPORARY TABLE things ()")
        assert asked(connection) == 42
        connection.rollback()
        assert connection.exec_driver_sql(KEPT).scalar() == 1
        with pytest.raises(DBAPIError):
            connection.exec_driver_sql("SELECT * FROM things")  # it was rolled back
        connection.rollback()
        assert asked(connection) == 42
        assert connection.exec_driver_sql(KEPT).scalar() == 1
        connection.invalidate()


def test_a_lost_connection_is_told_of_by_the_rollback(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        lost = connection.connection.dbapi_connection
        assert lost is not None
        lost.close()
        with pytest.raises(OperationalError):
            lost.rollback()
        connection.invalidate()


def test_a_prepared_statement_may_be_given_more_than_it_names(app: Flask) -> None:
    with app.app_context():
        assert Prepared(QUESTION).one(db.session(), more=1, other="x") == (42,)
