"""A statement is planned once by each connection, unless its plan depends on its values."""

import pytest
from sqlalchemy import BigInteger, bindparam, literal, select
from sqlalchemy.orm import Session

from cpor_web.database import direct
from cpor_web.database.prepared import prepared

OFTEN = 12
"""More often than psycopg and PostgreSQL ask before they keep anything."""

KEPT = "SELECT generic_plans > 0 FROM pg_prepared_statements WHERE statement LIKE 'SELECT ' || %(number)s || ' %%'"


@pytest.mark.parametrize("planned_once", [True, False])
def test_only_what_is_planned_once_has_a_plan_that_is_kept(db_session: Session, planned_once: bool) -> None:
    number = 41 + planned_once
    more = bindparam("more", type_=BigInteger())
    statement = prepared(select(literal(number), more), planned_once=planned_once)
    for each in range(OFTEN):
        assert statement.one(db_session, more=each) == (number, each)
    kept = direct.ask(db_session, KEPT, {"number": str(number)}).fetchall()
    assert kept == ([(True,)] if planned_once else [])
