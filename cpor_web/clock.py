"""The only reader of the system clock."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

CLOCKS_APART = timedelta(minutes=5)
"""How far the clocks of our machines may be apart: what is noted further ahead was noted by one that was wrong."""

_shared_offset: Path | None = None


def utcnow() -> datetime:
    """Return the present moment, aware, in UTC."""
    now = datetime.now(UTC)
    return now if _shared_offset is None else now + _offset(_shared_offset)


def utcnow_at_most(by_another: datetime) -> datetime:
    """Return the present moment, or what another machine's clock says where that is earlier.

    By this is done what cannot be made good after one clock was ahead. The time of a test no other machine knows.
    """
    return utcnow() if _shared_offset is not None else min(utcnow(), by_another)


def is_ahead(noted: datetime, now: datetime) -> bool:
    """Tell whether a moment that was noted as past is so far ahead that the clock of who noted it was wrong."""
    return noted > now + CLOCKS_APART


def follow(file: Path | None) -> None:
    """Let every process of a test move time together: `file` holds seconds to add. None follows the system."""
    global _shared_offset  # noqa: PLW0603 - one clock a process
    _shared_offset = file


def _offset(file: Path) -> timedelta:
    try:
        return timedelta(seconds=float(file.read_text()))
    except FileNotFoundError:
        return timedelta()
