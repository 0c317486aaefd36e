"""How moments are written for people: exact, with the zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime


def exactly(at: datetime, language: str, zone: str) -> str:
    """Write a moment in `zone` with weekday, date, time to the second and zone, in `language`."""
    local = at.astimezone(ZoneInfo(zone))
    day = format_datetime(local, "EEEE, d MMMM yyyy", locale=language)
    return f"{day}, {local:%H:%M:%S} {local:%Z}"
