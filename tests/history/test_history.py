"""A claim's history has no gaps, and nobody changes or removes what it says."""

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cpor_web import catalogue, history, history_words
from cpor_web.models import Claim, Event, HistoryHead
from cpor_web.programme import Programme
from cpor_web.rules.roles import SYSTEM
from tests.support import claims
from tests.support.claims import NOW
from tests.support.statements import is_of, sent


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
        "INSERT INTO events (claim_id, position, version, kind, at, role, actor, said, salt, link)"
        " SELECT claim_id, position, version, kind, at, role, actor, said, salt, link FROM events"
        " WHERE claim_id = :claim LIMIT 1"
    )
    with pytest.raises(DBAPIError, match="events_one_a_position"), db_session.begin_nested():
        db_session.execute(text(again), {"claim": claim.id})


def _events(session: Session, claim: Claim) -> list[Event]:
    session.flush()
    session.expire_all()
    return list(session.scalars(select(Event).where(Event.claim_id == claim.id).order_by(Event.position)))


def test_an_event_costs_one_statement(db_session: Session, programme: Programme) -> None:
    claim = claims.submitted(db_session, programme)
    db_session.flush()
    with sent(is_of(db_session)) as statements:
        for _ in range(3):
            history.append(db_session, claim, "claim:edited", actor=SYSTEM, now=NOW)
        db_session.flush()
    assert [statement.split()[0] for statement in statements] == ["WITH"] * 3


def test_what_the_database_would_change_is_not_appended(db_session: Session, programme: Programme) -> None:
    claim = claims.submitted(db_session, programme)
    before = len(_events(db_session, claim))
    with pytest.raises(ValueError, match="beyond the numbers"):
        history.append(db_session, claim, "claim:edited", actor=SYSTEM, now=NOW, data={"number": 2**60})
    assert len(_events(db_session, claim)) == before


def test_an_erasure_takes_who_and_what_about_and_tells_so(db_session: Session, programme: Programme) -> None:
    claim = claims.denied(db_session, programme)
    before = _events(db_session, claim)
    facts = [(e.position, e.version, e.kind, e.at, e.role, e.said, e.link) for e in before]
    history.erase(db_session, claim, [1, 3], actor=SYSTEM, now=NOW, why="its time is over")
    *kept, told = _events(db_session, claim)
    assert [(e.position, e.version, e.kind, e.at, e.role, e.said, e.link) for e in kept] == facts
    assert [e.position for e in kept if e.is_erased] == [1, 3]
    for event in kept:
        is_blank = (event.actor, event.user_id, event.data, event.salt) == ("erased", None, {}, None)
        assert is_blank == event.is_erased
    assert (told.kind, told.data) == ("history:erased", {"positions": [1, 3], "why": "its time is over"})


def test_an_erasure_is_done_once_and_is_never_erased_itself(db_session: Session, programme: Programme) -> None:
    claim = claims.submitted(db_session, programme)
    told = history.erase(db_session, claim, [1, 2, 99], actor=SYSTEM, now=NOW, why="")
    assert told == [1, 2]
    erasure = _events(db_session, claim)[-1].position
    assert history.erase(db_session, claim, [1, 2, erasure], actor=SYSTEM, now=NOW, why="") == []
    assert _events(db_session, claim)[-1].position == erasure


@pytest.mark.parametrize(
    "change",
    [
        "salt = NULL",
        "actor = 'erased', data = '{}', user_id = NULL",
        "salt = NULL, actor = 'nobody', data = '{}', user_id = NULL",
        "salt = NULL, actor = 'erased', data = '{\"a\": 1}', user_id = NULL",
        "salt = NULL, actor = 'erased', data = '{}', user_id = (SELECT min(id) FROM users)",
        "salt = NULL, actor = 'erased', data = '{}', user_id = NULL, kind = 'claim:approved'",
        "salt = NULL, actor = 'erased', data = '{}', user_id = NULL, at = at + interval '1 second'",
        "salt = NULL, actor = 'erased', data = '{}', user_id = NULL, link = sha256('x')",
        "salt = NULL, actor = 'erased', data = '{}', user_id = NULL, said = sha256('x')",
    ],
)
def test_the_database_lets_an_erasure_through_and_nothing_else_with_it(
    db_session: Session, programme: Programme, change: str
) -> None:
    claim = claims.submitted(db_session, programme)
    db_session.flush()
    statement = text(f"UPDATE events SET {change} WHERE claim_id = :claim AND position = 1")
    with pytest.raises(DBAPIError, match="rows of events are only added"), db_session.begin_nested():
        db_session.execute(statement, {"claim": claim.id})


def test_what_was_erased_stays_so(db_session: Session, programme: Programme) -> None:
    claim = claims.submitted(db_session, programme)
    history.erase(db_session, claim, [1], actor=SYSTEM, now=NOW, why="")
    db_session.flush()
    for change in ("actor = 'Somebody'", "salt = sha256('x')", "at = at"):
        with pytest.raises(DBAPIError, match="rows of events are only added"), db_session.begin_nested():
            db_session.execute(
                text(f"UPDATE events SET {change} WHERE claim_id = :claim AND position = 1"), {"claim": claim.id}
            )


def test_what_was_erased_reads_erased(app: Flask, db_session: Session, programme: Programme) -> None:
    claim = claims.denied(db_session, programme)
    (uploaded,) = (e for e in _events(db_session, claim) if e.kind == "document:uploaded")
    history.erase(db_session, claim, [uploaded.position], actor=SYSTEM, now=NOW, why="its time is over")
    told = _events(db_session, claim)[-1]
    with app.test_request_context():
        assert history_words.told(uploaded) == "The document erased was uploaded."
        assert history_words.actor(uploaded) == "erased (Incentives admin)"
        assert history_words.details(uploaded, catalogue.load()) == ["erased"]
        assert history_words.told(told) == "Personal values in this history were erased."
        assert history_words.details(told, catalogue.load()) == ["Why: its time is over"]
