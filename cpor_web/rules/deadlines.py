"""When things are due: business days of the operator's calendar, and the customer's seven days.

The day of the event is not counted, and a period ends with the last second of its last day in the operator's
zone. A `Deadline` is computed once and stored with its rule, so that it can always explain itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
ONE_SECOND = timedelta(seconds=1)
LAST_SECOND = time(23, 59, 59)
BUSINESS_DAYS = "business days"
"""The unit of a stored rule that counts working days."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The operator's working days.

    `weekend` holds weekdays (Monday is 0). `days_off` names the holidays by date; any mapping will do, also one that
    computes a year when it is first asked for it. `closures` names the operator's own days off, which come first.
    """

    zone: ZoneInfo
    weekend: frozenset[int] = frozenset({5, 6})
    days_off: Mapping[date, str] = field(default_factory=dict)
    closures: Mapping[date, str] = field(default_factory=dict)

    def with_closures(self, closures: Mapping[date, str]) -> "Calendar":
        """Return this calendar with these closures, by date, and no others."""
        return replace(self, closures=closures)

    def day_off(self, day: date) -> str | None:
        """Return the name of the closure or holiday on `day`, None on any other day."""
        return self.closures.get(day) or self.days_off.get(day)

    def why_not_working(self, day: date) -> str | None:
        """Return None for a business day, else the holiday's name or "weekend"."""
        if day.weekday() in self.weekend:
            return "weekend"
        return self.day_off(day)

    def local_day(self, moment: datetime) -> date:
        """Return the operator's calendar day at `moment`."""
        return moment.astimezone(self.zone).date()

    def end_of(self, day: date) -> datetime:
        """Return the last second of `day` in the operator's zone, in UTC."""
        # fold=1: where summer time ends at midnight, the last second of the day is the later of the two.
        return datetime.combine(day, LAST_SECOND.replace(fold=1), self.zone).astimezone(UTC)

    def start_of(self, day: date) -> datetime:
        """Return the first moment of `day` in the operator's zone, in UTC."""
        return datetime.combine(day, time.min, self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Periods:
    """Every period of the process: business days, but for `consent` and `dispute` (calendar days)."""

    submitted: int = 5
    review: int = 5
    partner: int = 5
    consent: float = 7
    dispute: int = 30
    dispute_review: int = 5

    @property
    def decision(self) -> int:
        """Business days of the operator's time within which a decision is due: both its stages together."""
        return self.submitted + self.review


class Deadline(NamedTuple):
    """A moment in UTC, and the rule that made it as JSON-ready data."""

    at: datetime
    rule: dict[str, object]


def business_days(period: str, start: datetime, days: int, calendar: Calendar) -> Deadline:
    """Return the end of the `days`-th business day after the day of `start`.

    `period` names the clock in the stored rule. Nought days end with the day of the event itself.
    """
    day = calendar.local_day(start)
    counted = 0
    skipped: list[dict[str, str]] = []
    while counted < days:
        day += ONE_DAY
        why = calendar.why_not_working(day)
        if why is None:
            counted += 1
        else:
            skipped.append({"day": day.isoformat(), "why": why})
    return Deadline(calendar.end_of(day), _rule(period, start, days, BUSINESS_DAYS, calendar, day, skipped=skipped))


def calendar_days(period: str, start: datetime, days: int, calendar: Calendar) -> Deadline:
    """Return the last second of the `days`-th day after the day of `start`; holidays count like other days."""
    day = calendar.local_day(start) + days * ONE_DAY
    return Deadline(calendar.end_of(day), _rule(period, start, days, "days", calendar, day))


def exact_days(period: str, start: datetime, days: float, calendar: Calendar) -> Deadline:
    """Return the moment that is `days` times 24 hours after `start`."""
    at = start + timedelta(days=days)
    return Deadline(at, _rule(period, start, days, "days, exactly", calendar, None))


def consent_end(taken: datetime, days: float, calendar: Calendar) -> Deadline:
    """Return when a customer's window ends whose notice the mail server took at `taken`.

    Whole days end with the last second of a day, and never before as many times 24 hours: where the change to
    summer time would cut an hour off, or the notice was taken within a day's last second, one more day is given.
    Fractions, for trying the process out, are taken exactly.
    """
    if days != int(days):
        return exact_days("consent", taken, days, calendar)
    deadline = calendar_days("consent", taken, int(days), calendar)
    if deadline.at < taken + timedelta(days=days):
        day = calendar.local_day(taken) + (int(days) + 1) * ONE_DAY
        rule = _rule("consent", taken, days, "days", calendar, day, added_to_be_full=1)
        return Deadline(calendar.end_of(day), rule)
    return deadline


def days_held(since: datetime, until: datetime, calendar: Calendar) -> int:
    """Count the business days after the day of `since` whose end came before `until`."""
    day, last = calendar.local_day(since) + ONE_DAY, calendar.local_day(until)
    count = 0
    while day < last:
        count += calendar.why_not_working(day) is None
        day += ONE_DAY
    return count


def days_taken(since: datetime, until: datetime, calendar: Calendar) -> int:
    """Count the business days after the day of `since`, up to and with the day of `until`.

    What was done within n business days has a count of at most n.
    """
    day, last = calendar.local_day(since) + ONE_DAY, calendar.local_day(until)
    count = 0
    while day <= last:
        count += calendar.why_not_working(day) is None
        day += ONE_DAY
    return count


def operator_due(stage: Deadline, since: datetime, used: int, whole: int, calendar: Calendar) -> Deadline:
    """Return what comes first: the end of the stage, or of the operator's `whole` business days to decide.

    `since` is when the operator got the claim back, `used` the business days it had the claim before that.
    """
    decision = business_days("decision", since, max(whole - used, 0), calendar)
    decision.rule["used"] = used
    first, other = (stage, decision) if stage.at <= decision.at else (decision, stage)
    return Deadline(first.at, {**first.rule, "also": {**other.rule, "at": other.at.isoformat()}})


def has_passed(deadline: datetime, now: datetime) -> bool:
    """Tell whether the whole last second of `deadline` is over."""
    return now >= deadline + ONE_SECOND


def _rule(
    period: str,
    start: datetime,
    count: float,
    unit: str,
    calendar: Calendar,
    last_day: date | None,
    **more: object,
) -> dict[str, object]:
    return {
        "period": period,
        "from": start.astimezone(UTC).isoformat(),
        "count": count,
        "unit": unit,
        "zone": calendar.zone.key,
        "last_day": last_day.isoformat() if last_day else None,
        **more,
    }
