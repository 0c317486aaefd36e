"""How long somebody waits who has tried too often."""

from datetime import UTC, datetime, timedelta
from math import ceil

from flask_babel import format_timedelta

from cpor_web.extensions import limiter
from cpor_web.web.current import now

_MINUTE, _HOUR = 60, 3600


def wait() -> timedelta | None:
    """Return how long the limit that refused the present request lasts; None where that cannot be told."""
    limit = limiter.current_limit
    if limit is None:
        return None
    try:
        ends = datetime.fromtimestamp(limit.window.reset_time, UTC)  # `reset_at` is up to a second later
    except limit.limiter.storage.base_exceptions:  # the store has gone since it was asked
        return None
    return max(ends - now(), timedelta(seconds=1))


def in_words(left: timedelta) -> str:
    """Return "in 15 minutes", in the page's language: never less than is left, of more than an hour in hours."""
    unit = _MINUTE if left.total_seconds() <= _HOUR else _HOUR
    whole = timedelta(seconds=ceil(left.total_seconds() / unit) * unit)
    return str(format_timedelta(whole, granularity="minute", threshold=1, add_direction=True))
