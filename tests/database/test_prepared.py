"""A statement is planned once by each connection, unless its plan depends on its values."""

from typing import Any

import pytest
from sqlalchemy import ARRAY, BigInteger, Boolean, any_, bindparam, column, func, literal, select, table, text
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


ALIKE = (
    "CREATE TEMPORARY TABLE uneven ON COMMIT DROP AS SELECT (n = 10000) AS is_rare FROM generate_series(1, 10000) n"
)


def test_what_is_planned_once_keeps_its_plan_where_the_present_value_has_a_better_one(db_session: Session) -> None:
    """Of two values one has all rows but one: a plan for both looks through them all, one for the rare need not."""
    for prepare in (ALIKE, "CREATE INDEX ON uneven (is_rare)", "ANALYZE uneven"):
        db_session.execute(text(prepare))
    uneven = table("uneven", column("is_rare", Boolean))
    rare = uneven.c.is_rare.op("=")(bindparam("rare", type_=Boolean))
    statement = prepared(select(func.count()).select_from(uneven).where(rare))
    for _ in range(OFTEN):
        assert statement.one(db_session, rare=True) == (1,)
    plans = "SELECT generic_plans > 0 FROM pg_prepared_statements WHERE statement LIKE '%%uneven%%' AND NOT from_sql"
    assert direct.ask(db_session, plans, {}).fetchall() == [(True,)]


def test_a_list_of_values_is_one_still(db_session: Session) -> None:
    """What is asked for by several values is not taken for what a statement finds."""
    among = any_(bindparam("several", type_=ARRAY(BigInteger)))
    statement = prepared(select(literal(7, BigInteger) == among))
    answers: list[Any] = [statement.one(db_session, several=ids) for ids in ("{6,7}", "{8}")]
    assert answers == [(True,), (False,)]
