"""Closures count for deadlines that start after they were entered, and move none that runs already."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

import jobs.due
from cpor_web import clock, closures
from cpor_web.claims import operations
from cpor_web.models import Claim, Closure, User
from cpor_web.programme import Programme
from cpor_web.queue import CLOSE_WINDOWS
from cpor_web.rules.exc import Invalid, NotAllowed, NotYours
from cpor_web.rules.roles import USER_ROLES, Role
from cpor_web.web import current
from tests.support import claims, factories
from tests.support.browser import Browser
from tests.support.claims import NOW
from tests.support.rows import dump

TODAY = NOW.date()
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def administrator(db_session: Session) -> User:
    return factories.user(db_session, Role.ADMINISTRATOR)


def add(session: Session, programme: Programme, by: User, day: date = TOMORROW, name: str = "Company day") -> None:
    closures.add(session, day, name, actor=by.actor, now=NOW, calendar=programme.calendar)


def remove(session: Session, programme: Programme, by: User, day: date, now: datetime = NOW) -> bool:
    return closures.remove(session, day, actor=by.actor, now=now, calendar=programme.calendar)


def test_a_closure_is_entered_with_its_name_and_by_whom(
    db_session: Session, programme: Programme, administrator: User
) -> None:
    add(db_session, programme, administrator, TODAY, " Company \x00 day ")
    (entered,) = closures.entered(db_session)
    assert (entered.day, entered.name, entered.added_by, entered.added_at) == (
        TODAY,
        "Company day",
        administrator,
        NOW,
    )
    assert closures.by_day(db_session) == {TODAY: "Company day"}


@pytest.mark.parametrize(
    ("day", "name", "field"),
    [
        (TODAY - timedelta(days=1), "Yesterday", "day"),
        (TOMORROW, "Twice", "day"),
        (TOMORROW + timedelta(days=1), " ", "name"),
        (TOMORROW + timedelta(days=1), "x" * 101, "name"),
    ],
)
def test_a_closure_that_cannot_be_is_refused(
    db_session: Session, programme: Programme, administrator: User, day: date, name: str, field: str
) -> None:
    add(db_session, programme, administrator)
    with pytest.raises(Invalid) as refusal:
        add(db_session, programme, administrator, day, name)
    assert refusal.value.field_name == field
    assert closures.by_day(db_session) == {TOMORROW: "Company day"}


def test_a_closure_can_be_taken_back_until_its_day_is_over(
    db_session: Session, programme: Programme, administrator: User
) -> None:
    add(db_session, programme, administrator)
    with pytest.raises(NotAllowed):
        remove(db_session, programme, administrator, TOMORROW, NOW + timedelta(days=2))
    assert remove(db_session, programme, administrator, TOMORROW)
    assert not remove(db_session, programme, administrator, TOMORROW)
    assert closures.by_day(db_session) == {}


@pytest.mark.parametrize("role", sorted(USER_ROLES - {Role.ADMINISTRATOR}))
def test_only_administrators_edit_the_calendar(
    db_session: Session, programme: Programme, administrator: User, role: Role
) -> None:
    add(db_session, programme, administrator)
    somebody = factories.user(db_session, role)
    with pytest.raises(NotYours):
        add(db_session, programme, somebody, TODAY)
    with pytest.raises(NotYours):
        remove(db_session, programme, somebody, TOMORROW)


def with_closures(session: Session, programme: Programme) -> Programme:
    return programme.with_closures(closures.by_day(session))


def test_a_new_deadline_counts_a_closure_by_its_name(
    db_session: Session, programme: Programme, administrator: User
) -> None:
    before = claims.submitted(db_session, programme)
    add(db_session, programme, administrator)
    after = claims.submitted(db_session, with_closures(db_session, programme))
    assert before.due_at is not None
    assert after.due_at == before.due_at + timedelta(days=1)
    assert {"day": TOMORROW.isoformat(), "why": "Company day"} in after.due_rule["skipped"]


def every_deadline(session: Session, claim: Claim) -> dict[str, Any]:
    """Return all moments and rules of a claim and its rounds, as they are in the database."""
    names = ("due_at", "due_rule", "dispute_until", "dispute_rule", "ends_at", "end_rule", "closes_at")
    rows = dump(session)
    of_claim = [row for row in rows["claims"] if row["id"] == claim.id]
    of_rounds = [row for row in rows["rounds"] if row["claim_id"] == claim.id]
    return {f"{row['id']} {name}": row.get(name) for row in of_claim + of_rounds for name in names}


@pytest.mark.parametrize(
    "make", [claims.submitted, claims.under_review, claims.partner_action_required, claims.running, claims.rejected]
)
def test_no_running_deadline_moves_when_the_calendar_is_edited(
    db_session: Session, programme: Programme, administrator: User, make: Callable[..., Claim]
) -> None:
    claim = make(db_session, programme)
    before = every_deadline(db_session, claim)
    assert any(before.values())
    add(db_session, programme, administrator)
    edited = with_closures(db_session, programme)
    operations.comment(db_session, claim, "Any news?", actor=claim.filed_by.actor, now=NOW, programme=edited)
    assert every_deadline(db_session, claim) == before
    assert remove(db_session, programme, administrator, TOMORROW)
    assert every_deadline(db_session, claim) == before


def test_no_running_deadline_moves_when_a_newer_library_knows_other_holidays(
    app: Flask,
    client: Browser,
    committed: Session,
    programme: Programme,
    sign_in: Callable[..., Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = clock.utcnow()
    claim = claims.partner_action_required(committed, programme, now=now)
    committed.commit()
    sign_in(client, claim.filed_by)
    address = f"/claims/{claim.reference}"
    before = client.page(address).find(class_="deadline").get_text()

    every_day = {programme.calendar.local_day(now) + timedelta(days=n): "A new holiday" for n in range(60)}
    newer = replace(programme, calendar=replace(programme.calendar, days_off=every_day))
    monkeypatch.setitem(app.extensions, "programme", newer)

    assert client.page(address).find(class_="deadline").get_text() == before
    assert "A new holiday" not in before
    assert claims.submitted(committed, newer, now=now).due_at > claim.due_at, "the library's holidays do count"


def test_pages_and_jobs_compute_by_the_calendar_of_that_moment(
    app: Flask, committed: Session, programme: Programme
) -> None:
    administrator = factories.user(committed, Role.ADMINISTRATOR)
    with app.app_context():
        assert current.programme() == programme
    committed.add(Closure(day=TOMORROW, name="Company day", added_by=administrator, added_at=NOW))
    committed.commit()
    with app.app_context():
        assert current.programme().calendar.why_not_working(TOMORROW) == "Company day"
        assert current.programme() is current.programme()
        assert current.programme_as_set_up() is programme


def test_a_claim_that_is_submitted_on_a_page_counts_the_closure(
    client: Browser, committed: Session, programme: Programme, sign_in: Callable[..., Browser]
) -> None:
    now = clock.utcnow()
    claim = claims.editing(committed, programme, now=now)
    day = programme.calendar.local_day(now) + timedelta(days=1)
    while programme.calendar.why_not_working(day):
        day += timedelta(days=1)
    by = factories.user(committed, Role.ADMINISTRATOR)
    committed.add(Closure(day=day, name="Company day", added_by=by, added_at=now))
    committed.commit()
    sign_in(client, claim.filed_by)
    page = f"/claims/{claim.reference}"
    client.submit(f"{page}/submit", {"seen": claim.version}, page=page)
    assert "(Company day)" in client.page(page).main.get_text()


def test_a_job_reads_the_calendar_anew_at_every_run(
    app: Flask, committed: Session, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs.due, "app", lambda: app)
    seen: list[str | None] = []

    def look(_session: Session, found: Programme, _most: int) -> list[int]:
        seen.append(found.calendar.why_not_working(TOMORROW))
        return []

    with time_machine.travel(NOW, tick=False):
        jobs.due.each_due(CLOSE_WINDOWS, look, lambda *_: False)
        by = factories.user(committed, Role.ADMINISTRATOR)
        committed.add(Closure(day=TOMORROW, name="Company day", added_by=by, added_at=NOW))
        committed.commit()
        jobs.due.each_due(CLOSE_WINDOWS, look, lambda *_: False)
    assert seen == [None, "Company day"]
