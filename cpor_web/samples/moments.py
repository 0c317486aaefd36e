"""When the sample's steps happened: counted back from the moment of loading, so that deadlines are about now."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from cpor_web.programme import Programme
from cpor_web.rules.deadlines import ONE_DAY

When = Callable[[datetime, Programme], datetime]


def working(ago: int, at: str) -> When:
    """Return the time of day `at` on the operator's working day that lies `ago` working days back, at least one."""
    return lambda now, programme: _at(_working_day(now, ago, programme), at, programme)


def days(ago: int, at: str) -> When:
    """Return the time of day `at`, `ago` calendar days back, at least one."""
    return lambda now, programme: _at(programme.calendar.local_day(now) - ago * ONE_DAY, at, programme)


def night_after(when: When, days: int) -> When:
    """Return twenty past midnight once `days` whole days have followed that of `when`: what ran so long is closed."""

    def closing(now: datetime, programme: Programme) -> datetime:
        day = programme.calendar.local_day(when(now, programme))
        return _at(day + (days + 1) * ONE_DAY, "00:20", programme)

    return closing


def minutes(ago: int) -> When:
    """Return `ago` minutes back."""
    return lambda now, _programme: now - timedelta(minutes=ago)


def answer_due_in(left: int, at: str) -> When:
    """Return when the partner must have been asked, so that `left` working days are left to answer."""
    return lambda now, programme: _at(
        _working_day(now, max(programme.periods.partner - left, 1), programme), at, programme
    )


def _working_day(now: datetime, ago: int, programme: Programme) -> date:
    day = programme.calendar.local_day(now)
    while ago:
        day -= ONE_DAY
        ago -= programme.calendar.why_not_working(day) is None
    return day


def _at(day: date, at: str, programme: Programme) -> datetime:
    return datetime.combine(day, time.fromisoformat(at), programme.calendar.zone).astimezone(UTC)
