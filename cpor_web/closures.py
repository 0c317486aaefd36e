"""The closures that administrators enter: they count for deadlines that are computed from then on, for no others."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from cpor_web.models import Closure
from cpor_web.rules.characters import one_line
from cpor_web.rules.deadlines import Calendar
from cpor_web.rules.exc import Invalid, NotAllowed
from cpor_web.rules.roles import ADMINISTRATORS, Actor, require
from cpor_web.rules.words import N_

LONGEST_NAME = 100


def by_day(session: Session) -> Mapping[date, str]:
    """Return the name of every closure by its day."""
    return dict(session.execute(select(Closure.day, Closure.name)).all())


class Unread(Mapping[date, str]):
    """The same, read when a day is first asked for: most of what happens counts no business days."""

    def __init__(self, session: Callable[[], Session]) -> None:
        """session: gives the session to ask, at that moment."""
        self._session = session

    @cached_property
    def _by_day(self) -> Mapping[date, str]:
        session = self._session()
        with session.no_autoflush:  # whoever counts may have changed half of what it is to change
            return by_day(session)

    def __getitem__(self, day: date) -> str:
        return self._by_day[day]

    def __iter__(self) -> Iterator[date]:
        return iter(self._by_day)

    def __len__(self) -> int:
        return len(self._by_day)


def entered(session: Session) -> Sequence[Closure]:
    """Return every closure, the latest day first."""
    return session.scalars(select(Closure).order_by(Closure.day.desc())).all()


def add(session: Session, day: date, name: str, *, actor: Actor, now: datetime, calendar: Calendar) -> None:
    """Enter a closure, as an administrator. No running deadline moves.

    Raises Invalid for a day that is over (what was counted stays counted), a closure already, or without a name.
    """
    require(actor, ADMINISTRATORS)
    name = one_line(name)
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(N_("Give a name of at most %(most)s characters."), {"most": LONGEST_NAME}, "name")
    if day < calendar.local_day(now):
        raise Invalid(N_("This day is over. Choose today or a later one."), field_name="day")
    row = {"day": day, "name": name, "added_by_id": actor.user_id, "added_at": now}
    added = session.scalar(insert(Closure).values(**row).on_conflict_do_nothing().returning(Closure.day))
    if added is None:
        raise Invalid(N_("This day is a closure already."), field_name="day")


def remove(session: Session, day: date, *, actor: Actor, now: datetime, calendar: Calendar) -> bool:
    """Take a closure back, as an administrator, and tell whether it was there. No running deadline moves.

    Raises NotAllowed for a day that is over.
    """
    require(actor, ADMINISTRATORS)
    closure = session.get(Closure, day, with_for_update={"of": Closure})
    if closure is None:
        return False
    if day < calendar.local_day(now):
        raise NotAllowed(N_("This day is over: it was not worked, and that stays on record."))
    session.delete(closure)
    return True
