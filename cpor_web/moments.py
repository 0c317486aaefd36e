"""How moments and days are written for people: exact, with the zone, as each language writes them."""

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date

_PATTERNS = {"en": "EEEE, d MMMM yyyy"}
"""Where the language's own full form differs between countries."""

_BRIEF_PATTERNS = {"en": "d MMM yyyy"}
"""The same for a short form."""


@lru_cache(maxsize=1000)
def exactly(at: datetime, language: str, zone: str) -> str:
    """Write a moment in `zone` with weekday, date, time to the second and zone, in `language`."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{full_day(local.date(), language)}, {local:%H:%M:%S} {local:%Z}"


@lru_cache(maxsize=1000)
def full_day(day: date, language: str) -> str:
    """Write a day with its weekday, in `language`."""
    return format_date(day, _PATTERNS.get(language, "full"), locale=language)


@lru_cache(maxsize=1000)
def briefly(at: datetime, language: str, zone: str) -> str:
    """Write a moment in `zone` as a short date and the time to the minute, for what is told exactly elsewhere."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{short_day(local.date(), language)}, {local:%H:%M}"


@lru_cache(maxsize=1000)
def short_day(day: date, language: str) -> str:
    """Write a day without its weekday, in `language`: "27 Nov 2026"."""
    return format_date(day, _BRIEF_PATTERNS.get(language, "medium"), locale=language)
