"""Closures on the calendar's page: added, shown, taken back."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.models import Closure, User
from cpor_web.programme import Programme
from tests.support.browser import Browser

PAGE = "/admin/calendar"


@pytest.fixture
def today(programme: Programme) -> date:
    return programme.calendar.local_day(clock.utcnow())


def closed(session: Session) -> dict[date, str]:
    session.rollback()
    return dict(session.execute(select(Closure.day, Closure.name)).all())


@pytest.mark.parametrize("name", ["Company day", "Inventory, 50 % open", "<b>100%s</b>"])
def test_a_closure_is_added_and_shown_among_the_days_off(
    office: Browser, committed: Session, administrator: User, today: date, name: str
) -> None:
    day = today + timedelta(days=3)
    answer = office.submit(PAGE, {"day": day.isoformat(), "name": name}, page=PAGE)
    assert answer.location == PAGE
    assert closed(committed) == {day: name}
    page = office.page(PAGE)
    words = page.main.get_text(" ", strip=True)
    assert "The closure was added. No deadline that runs already has moved." in words
    assert administrator.name in page.find("section", attrs={"aria-labelledby": "closures"}).get_text()
    assert name in page.find("section", attrs={"aria-labelledby": f"year-{day.year}"}).get_text()


@pytest.mark.parametrize(
    ("days", "name", "sentence"),
    [
        (-1, "Late", "This day is over."),
        (1, " ", "Fill in the name."),
        (1, "x" * 101, "Enter at most 100 characters."),
    ],
)
def test_a_closure_that_cannot_be_is_refused_with_what_was_typed(
    office: Browser, committed: Session, today: date, days: int, name: str, sentence: str
) -> None:
    day = (today + timedelta(days=days)).isoformat()
    answer = office.submit(PAGE, {"day": day, "name": name}, page=PAGE)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{day}"' in answer.text
    assert closed(committed) == {}


@pytest.mark.parametrize("day", ["", "tomorrow", "2026-02-30"])
def test_what_is_no_day_is_refused(office: Browser, committed: Session, day: str) -> None:
    assert office.submit(PAGE, {"day": day, "name": "Company day"}, page=PAGE).status_code == 422
    assert closed(committed) == {}


def test_a_closure_is_removed_and_twice_is_as_once(
    office: Browser, committed: Session, administrator: User, today: date
) -> None:
    day = today + timedelta(days=3)
    committed.add(Closure(day=day, name="Company day", added_by=administrator, added_at=clock.utcnow()))
    committed.commit()
    for _ in range(2):
        assert office.submit(f"{PAGE}/remove", {"day": day.isoformat()}, page=PAGE).location == PAGE
        assert closed(committed) == {}


def test_a_closure_that_is_over_stays(office: Browser, committed: Session, administrator: User, today: date) -> None:
    day = today - timedelta(days=3)
    committed.add(Closure(day=day, name="Company day", added_by=administrator, added_at=clock.utcnow()))
    committed.commit()
    assert not office.page(PAGE).find("input", attrs={"name": "day", "type": "hidden"})
    office.submit(f"{PAGE}/remove", {"day": day.isoformat()}, page=PAGE)
    assert "This day is over" in office.page(PAGE).main.get_text()
    assert closed(committed) == {day: "Company day"}


def test_days_are_written_as_the_readers_language_writes_them(
    office: Browser, committed: Session, administrator: User
) -> None:
    administrator.language = "de"
    committed.add(Closure(day=date(2030, 5, 2), name="Company day", added_by=administrator, added_at=clock.utcnow()))
    committed.commit()
    assert "Donnerstag, 2. Mai 2030" in office.page(PAGE).main.get_text()
