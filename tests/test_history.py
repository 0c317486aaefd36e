"""A claim's history has no gaps, and nobody changes or removes what it says."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cpor_web.models import Event, HistoryHead
from cpor_web.programme import Programme
from tests.support import claims


def test_positions_begin_at_one_and_have_no_gaps(db_session: Session, programme: Programme) -> None:
    claim, other = claims.denied(db_session, programme), claims.submitted(db_session, programme)
    for each in (claim, other):
        positions = db_session.scalars(
            select(Event.position).where(Event.claim_id == each.id).order_by(Event.position)
        ).all()
        assert list(positions) == list(range(1, len(positions) + 1))
        head = db_session.get_one(HistoryHead, each.id, populate_existing=True)
        assert head.position == len(positions)


def test_versions_never_fall_along_the_history(db_session: Session, programme: Programme) -> None:
    claim = claims.denied(db_session, programme)
    versions = list(
        db_session.scalars(select(Event.version).where(Event.claim_id == claim.id).order_by(Event.position))
    )
    assert versions == sorted(versions)
    assert versions[-1] == claim.version


@pytest.mark.parametrize("table", ["events", "answers"])
@pytest.mark.parametrize("sql", ["UPDATE {} SET at = at", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_refuses_to_change_or_remove(
    db_session: Session, programme: Programme, table: str, sql: str
) -> None:
    claims.denied(db_session, programme)
    db_session.flush()
    with pytest.raises(DBAPIError, match=f"rows of {table} are only added"), db_session.begin_nested():
        db_session.execute(text(sql.format(table)))


def test_a_position_is_taken_once(db_session: Session, programme: Programme) -> None:
    claim = claims.submitted(db_session, programme)
    db_session.flush()
    again = (
        "INSERT INTO events (claim_id, position, version, kind, at, role, actor)"
        " SELECT claim_id, position, version, kind, at, role, actor FROM events WHERE claim_id = :claim LIMIT 1"
    )
    with pytest.raises(DBAPIError, match="events_one_a_position"), db_session.begin_nested():
        db_session.execute(text(again), {"claim": claim.id})
