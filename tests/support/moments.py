"""The moments of a journey: what a claim's rows say of its ends, and how the clock gets there."""

from datetime import date, datetime, timedelta
from typing import Any

from tests.support.cast import Cast
from tests.support.installation import Installation


def due(cast: Cast) -> datetime:
    """Return the deadline of the claim itself: the reviewer's or the partner's."""
    return _moment(cast, "SELECT due_at FROM claims WHERE reference = :reference")


def end(cast: Cast) -> datetime:
    """Return the end of the customer's days."""
    return _moment(cast, _OF_THE_NEWEST_ROUND.format("ends_at"))


def closing(cast: Cast) -> datetime:
    """Return when the customer's days are closed: their end and the grace."""
    return _moment(cast, _OF_THE_NEWEST_ROUND.format("closes_at"))


def contact_due(cast: Cast) -> datetime:
    """Return until when the partner is to name a right contact."""
    return _moment(cast, _OF_THE_NEWEST_ROUND.format("contact_due_at"))


def forward_to(installation: Installation, moment: datetime, *, seconds: float = 1) -> None:
    """Move the clock to so many seconds after a moment; nothing happens where that is past."""
    left = (moment - installation.now()).total_seconds() + seconds
    if left > 0:
        installation.forward(seconds=left)


def morning_of(installation: Installation, day: date) -> datetime:
    """Return nine o'clock of the operator's `day`."""
    return installation.programme.calendar.start_of(day) + timedelta(hours=9)


def next_morning(installation: Installation) -> None:
    """Move the clock to the next day's nine o'clock, so that no midnight comes between what a test does there."""
    forward_to(installation, morning_of(installation, today(installation) + timedelta(days=1)))


def today(installation: Installation) -> date:
    """Return the operator's day."""
    return installation.programme.calendar.local_day(installation.now())


def business_days_until(installation: Installation, moment: datetime, count: int) -> list[date]:
    """Return the `count` last business days up to the day of a moment, that one too."""
    calendar = installation.programme.calendar
    day, found = calendar.local_day(moment), list[date]()
    while len(found) < count:
        if calendar.why_not_working(day) is None:
            found.insert(0, day)
        day -= timedelta(days=1)
    return found


_OF_THE_NEWEST_ROUND = (
    "SELECT {} FROM rounds JOIN claims ON claims.id = claim_id WHERE reference = :reference"
    " ORDER BY number DESC LIMIT 1"
)


def _moment(cast: Cast, statement: str) -> datetime:
    ((found,),) = cast.installation.query(statement, reference=cast.reference)
    assert found is not None, f"no such moment: {statement}"
    moment: Any = found
    return moment
