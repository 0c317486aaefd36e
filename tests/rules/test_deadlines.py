import re
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpor_web.rules.deadlines import (
    Calendar,
    Deadline,
    business_days,
    calendar_days,
    consent_end,
    days_held,
    days_taken,
    exact_days,
    has_passed,
    operator_due,
)

BERLIN = ZoneInfo("Europe/Berlin")
HOLIDAYS = {
    date(2026, 4, 3): "Karfreitag",
    date(2026, 4, 6): "Ostermontag",
    date(2026, 5, 1): "Erster Mai",
    date(2026, 12, 25): "Erster Weihnachtstag",
    date(2027, 1, 1): "Neujahr",
}
CALENDAR = Calendar(BERLIN, days_off=HOLIDAYS)


def berlin(text: str) -> datetime:
    """Read "2026-11-20 22:30" as people in Berlin would, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


BUSINESS_DAYS = """
2026-11-18 09:00  5  2026-11-25 22:59:59  a Wednesday: five working days with a weekend between
2026-11-20 22:30  5  2026-11-27 22:59:59  Friday evening: the day itself is not counted
2026-11-21 12:00  5  2026-11-27 22:59:59  a Saturday ends as the Friday before it does
2026-11-22 23:59  5  2026-11-27 22:59:59  and so does the Sunday, to its last minute
2026-11-23 00:00  5  2026-11-30 22:59:59  midnight belongs to Monday
2026-11-20 23:30  1  2026-11-23 22:59:59  in UTC it is still Friday, and here too
2026-04-02 15:00  1  2026-04-07 21:59:59  the day before Good Friday: Easter is over on Tuesday
2026-04-30 15:00  1  2026-05-04 21:59:59  a holiday on a Friday makes the weekend longer
2026-12-24 10:00  5  2027-01-04 22:59:59  Christmas and New Year in one period
2026-03-27 10:00  1  2026-03-30 21:59:59  summer time begins within it: UTC+1, then UTC+2
2026-10-23 10:00  1  2026-10-26 22:59:59  summer time ends within it
2028-02-28 10:00  1  2028-02-29 22:59:59  a leap day is a day like others
2027-02-26 10:00  1  2027-03-01 22:59:59  where there is none, March follows
2026-11-18 09:00  0  2026-11-18 22:59:59  no days: the end of the day itself
"""


def table(text: str) -> list[list[str]]:
    return [[part.strip() for part in re.split(r" {2,}", line, maxsplit=3)] for line in text.strip().splitlines()]


@pytest.mark.parametrize(("start", "days", "end", "why"), table(BUSINESS_DAYS))
def test_business_days_end_with_the_last_second_of_the_last(start: str, days: str, end: str, why: str) -> None:
    assert business_days("partner", berlin(start), int(days), CALENDAR).at == utc(end), why


def test_the_operators_day_counts_and_not_that_of_utc() -> None:
    auckland = Calendar(ZoneInfo("Pacific/Auckland"))
    friday_in_utc_saturday_there = utc("2026-06-12 13:00")
    sunday_in_utc_monday_there = utc("2026-06-14 13:00")

    assert business_days("review", friday_in_utc_saturday_there, 1, auckland).at == utc("2026-06-15 11:59:59")
    assert business_days("review", sunday_in_utc_monday_there, 1, auckland).at == utc("2026-06-16 11:59:59")


def test_a_weekend_is_what_the_operator_says_it_is() -> None:
    riyadh = Calendar(ZoneInfo("Asia/Riyadh"), weekend=frozenset({4, 5}))

    assert business_days("review", utc("2026-11-19 09:00"), 1, riyadh).at == utc("2026-11-22 20:59:59")


def test_a_deadline_tells_which_days_it_skipped_and_why() -> None:
    deadline = business_days("submitted", berlin("2026-04-02 15:00"), 1, CALENDAR)

    assert deadline.rule == {
        "period": "submitted",
        "from": "2026-04-02T13:00:00+00:00",
        "count": 1,
        "unit": "business days",
        "zone": "Europe/Berlin",
        "last_day": "2026-04-07",
        "skipped": [
            {"day": "2026-04-03", "why": "Karfreitag"},
            {"day": "2026-04-04", "why": "weekend"},
            {"day": "2026-04-05", "why": "weekend"},
            {"day": "2026-04-06", "why": "Ostermontag"},
        ],
    }


def test_a_closure_that_is_added_later_moves_no_deadline_that_was_computed() -> None:
    days_off = dict(HOLIDAYS)
    calendar = Calendar(BERLIN, days_off=days_off)
    before = business_days("partner", berlin("2026-11-18 09:00"), 5, calendar)
    kept = (before.at, dict(before.rule))

    days_off[date(2026, 11, 19)] = "closure"

    assert (before.at, before.rule) == kept
    assert business_days("partner", berlin("2026-11-18 09:00"), 5, calendar).at == utc("2026-11-26 22:59:59")


def test_a_closure_counts_before_a_holiday_and_both_are_told_by_their_names() -> None:
    calendar = CALENDAR.with_closures({date(2026, 4, 3): "Moving house", date(2026, 11, 19): "Moving house"})

    assert calendar.day_off(date(2026, 4, 3)) == "Moving house"
    assert calendar.day_off(date(2026, 4, 6)) == "Ostermontag"
    assert calendar.why_not_working(date(2026, 11, 19)) == "Moving house"
    assert calendar.why_not_working(date(2026, 11, 20)) is None
    assert CALENDAR.day_off(date(2026, 11, 19)) is None


def test_a_day_starts_with_its_first_moment_in_the_operators_zone() -> None:
    assert CALENDAR.start_of(date(2026, 3, 29)) == utc("2026-03-28 23:00:00")
    assert CALENDAR.start_of(date(2026, 3, 30)) == utc("2026-03-29 22:00:00")
    assert CALENDAR.start_of(date(2026, 3, 29)).tzinfo is UTC


def test_deadlines_are_kept_in_utc_wherever_the_machine_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        deadline = business_days("submitted", berlin("2026-04-02 15:00"), 1, CALENDAR)
        midnight = CALENDAR.start_of(date(2026, 4, 2))
    finally:
        monkeypatch.undo()
        time.tzset()

    assert deadline.at.isoformat() == "2026-04-07T21:59:59+00:00"
    assert deadline.rule["from"] == "2026-04-02T13:00:00+00:00"
    assert midnight.isoformat() == "2026-04-01T22:00:00+00:00"


CALENDAR_DAYS = """
2026-11-18 09:00  30  2026-12-18 22:59:59  thirty days, weekends and holidays like others
2026-12-20 09:00  7   2026-12-27 22:59:59  ends on a Sunday after Christmas
2026-03-01 09:00  30  2026-03-31 21:59:59  begins in winter, ends in summer time
2028-02-01 09:00  29  2028-03-01 22:59:59  over a leap day
"""


@pytest.mark.parametrize(("start", "days", "end", "why"), table(CALENDAR_DAYS))
def test_calendar_days_ignore_the_calendar(start: str, days: str, end: str, why: str) -> None:
    assert calendar_days("dispute", berlin(start), int(days), CALENDAR).at == utc(end), why


def rule_of(deadline: Deadline) -> tuple[object, ...]:
    """Return what a deadline says of itself, in short."""
    return tuple(deadline.rule[name] for name in ("period", "from", "count", "unit", "zone", "last_day"))


def test_calendar_days_tell_how_they_were_computed() -> None:
    deadline = calendar_days("dispute", berlin("2026-11-18 09:00"), 30, CALENDAR)

    since = "2026-11-18T08:00:00+00:00"
    assert rule_of(deadline) == ("dispute", since, 30, "days", "Europe/Berlin", "2026-12-18")


def test_exact_days_tell_how_they_were_computed() -> None:
    deadline = exact_days("undo", berlin("2026-11-18 09:00"), 0.5, CALENDAR)

    since = "2026-11-18T08:00:00+00:00"
    assert rule_of(deadline) == ("undo", since, 0.5, "days, exactly", "Europe/Berlin", None)


CONSENTS = """
2026-11-20 14:00  7    days           2026-11-27
2026-03-28 23:30  7    days           2026-04-05
2026-11-20 14:00  1.5  days, exactly  None
"""


@pytest.mark.parametrize(("taken", "days", "unit", "last"), table(CONSENTS))
def test_the_end_of_consent_tells_how_it_was_computed(taken: str, days: str, unit: str, last: str) -> None:
    deadline = consent_end(berlin(taken), float(days), CALENDAR)

    since = berlin(taken).isoformat()
    last_day = None if last == "None" else last
    assert rule_of(deadline) == ("consent", since, float(days), unit, "Europe/Berlin", last_day)


CONSENT = """
2026-11-20 14:00     7  2026-11-27 22:59:59  the seventh day after, to its last second
2026-11-20 00:00     7  2026-11-27 22:59:59  however early on the day it was taken
2026-11-20 23:59:59  7  2026-11-27 22:59:59  exactly seven times 24 hours are seven days
2026-12-20 14:00     7  2026-12-27 22:59:59  holidays do not lengthen it
2026-03-27 14:00     7  2026-04-03 21:59:59  an hour is missing, but the afternoon has it to spare
2026-03-27 23:00     7  2026-04-04 21:59:59  an hour is missing and there is none to spare: one more day
2026-03-28 23:30     7  2026-04-05 21:59:59  the evening before summer time: one more day
2026-03-29 23:30     7  2026-04-05 21:59:59  the evening after: the seven days are whole again
2026-10-24 23:30     7  2026-10-31 22:59:59  the hour that is there twice is the customer's
"""


@pytest.mark.parametrize(("taken", "days", "end", "why"), table(CONSENT))
def test_consent_ends_on_the_seventh_day_and_never_before_seven_full_days(
    taken: str, days: str, end: str, why: str
) -> None:
    deadline = consent_end(berlin(taken), float(days), CALENDAR)

    assert deadline.at == utc(end), why
    assert deadline.rule.get("added_to_be_full") == (1 if "one more day" in why else None)


@pytest.mark.parametrize(
    ("days", "seconds"), [(0.5, 43_200), (0.25, 21_600), (20 / 86_400, 20), (1.5, 129_600), (7.25, 626_400)]
)
def test_fractions_of_a_day_are_taken_exactly(days: float, seconds: int) -> None:
    taken = berlin("2026-03-28 23:30")

    deadline = consent_end(taken, days, CALENDAR)

    assert deadline.at == taken + timedelta(seconds=seconds)
    assert deadline.rule["last_day"] is None


def test_exact_days_are_so_many_times_24_hours_whatever_the_clocks_do() -> None:
    evening_before_summer_time = berlin("2026-03-28 23:30")

    deadline = exact_days("undo", evening_before_summer_time, 1, CALENDAR)

    assert deadline.at == berlin("2026-03-30 00:30")
    assert (deadline.rule["zone"], deadline.rule["last_day"]) == ("Europe/Berlin", None)


moments = st.datetimes(datetime(2024, 1, 1), datetime(2033, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis wants naive bounds
zones = st.sampled_from(
    ["Europe/Berlin", "UTC", "America/New_York", "America/Santiago", "Asia/Kathmandu", "Pacific/Auckland"]
).map(ZoneInfo)


@given(moments, zones, st.integers(1, 30))
def test_no_customer_ever_gets_less_than_the_days_promised_or_two_days_more(
    taken: datetime, zone: ZoneInfo, days: int
) -> None:
    deadline = consent_end(taken, days, Calendar(zone))
    last = deadline.at.astimezone(zone)

    assert timedelta(days=days) <= deadline.at - taken < timedelta(days=days + 1, hours=1)
    assert (last.hour, last.minute, last.second) == (23, 59, 59)


@given(moments, zones, st.integers(1, 15))
def test_a_period_contains_as_many_business_days_as_it_is_long(start: datetime, zone: ZoneInfo, days: int) -> None:
    calendar = Calendar(zone, days_off=HOLIDAYS)

    deadline = business_days("partner", start, days, calendar)

    assert calendar.why_not_working(calendar.local_day(deadline.at)) is None
    assert days_held(start, deadline.at, calendar) == days - 1
    assert days_held(start, deadline.at + timedelta(seconds=1), calendar) == days


HELD = """
2026-11-18 09:00  2026-11-18 17:00  0  back within the day
2026-11-18 09:00  2026-11-19 09:00  0  the day of the event never counts, the next is not over
2026-11-18 09:00  2026-11-20 00:00  1  at midnight Thursday is over
2026-11-18 09:00  2026-11-23 09:00  2  Thursday and Friday, no weekend
2026-11-20 09:00  2026-11-23 09:00  0  a weekend alone
2026-04-02 09:00  2026-04-08 09:00  1  Easter does not count, Tuesday does
2026-11-18 09:00  2026-11-17 09:00  0  backwards is nothing
"""


@pytest.mark.parametrize(("since", "until", "days", "why"), table(HELD))
def test_days_are_held_at_whose_end_the_operator_has_the_claim(since: str, until: str, days: str, why: str) -> None:
    assert days_held(berlin(since), berlin(until), CALENDAR) == int(days), why


OPERATOR = """
2026-11-18 09:00  0   2026-11-25 22:59:59  stage     nothing used: the five days of the stage come first
2026-11-18 09:00  5   2026-11-25 22:59:59  stage     five used: both end on the same day, the stage names it
2026-11-18 09:00  7   2026-11-23 22:59:59  decision  seven used: three of the ten are left
2026-11-18 09:00  10  2026-11-18 22:59:59  decision  all used: due today
2026-11-18 09:00  14  2026-11-18 22:59:59  decision  more than all used: due today, not in the past
"""


@pytest.mark.parametrize(
    ("since", "until", "days", "why"),
    [
        ("2026-11-16 10:00", "2026-11-16 23:59", "0", "the day itself is not counted"),
        ("2026-11-16 23:59", "2026-11-17 00:00", "1", "the day of the end is"),
        ("2026-11-20 10:00", "2026-11-22 10:00", "0", "a weekend"),
        ("2026-11-20 10:00", "2026-11-23 10:00", "1", "over a weekend"),
        ("2026-04-02 10:00", "2026-04-07 10:00", "1", "over Easter"),
        ("2026-11-16 10:00", "2026-11-30 10:00", "10", "two weeks"),
    ],
)
def test_what_was_done_within_so_many_business_days_took_as_many(since: str, until: str, days: str, why: str) -> None:
    assert days_taken(berlin(since), berlin(until), CALENDAR) == int(days), why


@pytest.mark.parametrize(
    ("since", "used", "end", "first"), [(*row[:3], row[3].split()[0]) for row in table(OPERATOR)]
)
def test_the_operator_is_due_at_what_comes_first(since: str, used: str, end: str, first: str) -> None:
    start = berlin(since)

    due = operator_due(business_days("stage", start, 5, CALENDAR), start, int(used), 10, CALENDAR)

    assert due.at == utc(end)
    assert due.rule["period"] == first
    assert due.rule["also"]["period"] == {"stage": "decision", "decision": "stage"}[first]  # type: ignore[index]


def test_the_rule_of_an_operators_deadline_says_how_many_days_were_used_before() -> None:
    start = berlin("2026-11-18 09:00")

    due = operator_due(business_days("review", start, 5, CALENDAR), start, 7, 10, CALENDAR)

    assert (due.rule["count"], due.rule["used"]) == (3, 7)
    assert due.rule["also"]["at"] == "2026-11-25T22:59:59+00:00"  # type: ignore[index]


@pytest.mark.parametrize(
    ("now", "passed"),
    [("2026-11-27 22:59:58", False), ("2026-11-27 22:59:59", False), ("2026-11-27 23:00:00", True)],
)
def test_a_deadline_has_passed_when_its_whole_last_second_is_over(now: str, passed: bool) -> None:
    assert has_passed(utc("2026-11-27 22:59:59"), utc(now)) is passed


def test_the_last_second_is_the_later_one_where_summer_time_ends_at_midnight() -> None:
    santiago = Calendar(ZoneInfo("America/Santiago"))  # on 4 April 2026, 23:00 to 24:00 comes twice

    assert santiago.end_of(date(2026, 4, 4)) == utc("2026-04-05 03:59:59")
    assert santiago.end_of(date(2026, 4, 5)) == utc("2026-04-06 03:59:59")
