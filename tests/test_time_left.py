"""How long it still is until a deadline, as people count."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from cpor_web.rules.deadlines import Calendar, Periods, business_days, calendar_days
from cpor_web.web.explained import how_long, time_left

CALENDAR = Calendar(ZoneInfo("Europe/Berlin"), days_off={date(2026, 11, 25): "A holiday"})
MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (MONDAY, "5 business days left"),
        (datetime(2026, 11, 19, 22, 59, 59, tzinfo=UTC), "2 business days left"),
        (datetime(2026, 11, 19, 23, 0, tzinfo=UTC), "1 business day left"),
        (datetime(2026, 11, 21, 12, tzinfo=UTC), "1 business day left"),
        (datetime(2026, 11, 22, 12, tzinfo=UTC), "ends tomorrow"),
        (datetime(2026, 11, 23, 12, tzinfo=UTC), "ends today"),
        (datetime(2026, 11, 23, 22, 59, 59, 999999, tzinfo=UTC), "ends today"),
        (datetime(2026, 11, 23, 23, 0, tzinfo=UTC), "ended 1 second ago"),
        (datetime(2026, 11, 26, 23, 0, tzinfo=UTC), "ended 3 days ago"),
    ],
)
def test_business_days_are_counted_as_the_deadline_counts_them(app: Flask, now: datetime, words: str) -> None:
    deadline = business_days("partner", MONDAY, 5, CALENDAR)
    with app.test_request_context():
        assert time_left(deadline.at, deadline.rule, now=now, calendar=CALENDAR, language="en") == words


def test_other_days_are_counted_as_they_are(app: Flask) -> None:
    deadline = calendar_days("consent", MONDAY, 7, CALENDAR)
    with app.test_request_context():
        assert time_left(deadline.at, deadline.rule, now=MONDAY, calendar=CALENDAR, language="en") == "7 days left"
        assert time_left(deadline.at, None, now=MONDAY, calendar=CALENDAR, language="en") == "7 days left"


def test_where_no_business_day_is_left_days_are_told(app: Flask) -> None:
    rule = business_days("partner", MONDAY, 1, CALENDAR).rule
    saturday, sunday = datetime(2026, 11, 20, 12, tzinfo=UTC), CALENDAR.end_of(date(2026, 11, 22))
    with app.test_request_context():
        assert time_left(sunday, rule, now=saturday, calendar=CALENDAR, language="en") == "2 days left"


def test_how_long_a_step_takes_is_told_from_the_settings(app: Flask) -> None:
    periods = Periods(submitted=1, review=3, consent=0.5)
    with app.test_request_context():
        assert how_long("submitted", periods) == "Up to 1 business day"
        assert how_long("review", periods) == "Up to 3 business days"
        assert how_long("consent", periods) == "0.5 days, once the notice is out"
        assert how_long("consent", Periods()) == "7 days, once the notice is out"
