"""The figures of weeks, areas and partners, from what `counting` has counted; what waits now, from the claims."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from cpor_web.claims.queries import overdue
from cpor_web.figures.counting import COUNTED, STANDING
from cpor_web.lists.searching import names_partner
from cpor_web.models import Claim, Heartbeat, Measure, Partner, WeeklyFigure
from cpor_web.rules.statuses import WAITING_FOR_OPERATOR

MOST_PARTNERS = 20
"""Partners that are told apart: those with the most that was counted."""


class By(StrEnum):
    """What the figures are told apart by."""

    WEEK = "week"
    AREA = "area"
    PARTNER = "partner"


class Wanted(NamedTuple):
    """Which figures: of the weeks from the Monday `first` to the Monday `last`, of all areas and partners or one."""

    first: date
    last: date
    by: By = By.WEEK
    area: str = ""
    partner_id: int | None = None


Counts = Counter[tuple[Measure, str]]
Group = date | str | int
"""A week's Monday, an area's key, a partner's id."""


def counted(session: Session, wanted: Wanted) -> Mapping[Group, Counts]:
    """Return what was counted, by week, area or partner; of partners only the first `MOST_PARTNERS`."""
    group = {By.WEEK: WeeklyFigure.week, By.AREA: WeeklyFigure.area, By.PARTNER: WeeklyFigure.partner_id}[wanted.by]
    figures = _figures(wanted, group, WeeklyFigure.measure, WeeklyFigure.value, func.sum(WeeklyFigure.number))
    if wanted.by is By.PARTNER:
        figures = figures.where(WeeklyFigure.partner_id.in_(_partners(session, wanted)))
    if wanted.by is not By.WEEK:  # what stood at the end of several weeks does not add up
        figures = figures.where(WeeklyFigure.measure.not_in(STANDING))
    found: dict[Group, Counts] = {}
    for key, measure, value, number in session.execute(
        figures.group_by(group, WeeklyFigure.measure, WeeklyFigure.value)
    ):
        found.setdefault(key, Counter())[measure, value] = int(number)
    return found


def standing(session: Session, wanted: Wanted, *, now: datetime) -> Mapping[Group, tuple[int, int]]:
    """Return how many claims wait for the operator at this moment, and are overdue, by area or partner."""
    group = Claim.partner_id if wanted.by is By.PARTNER else Claim.area
    waiting = select(group, func.count(), func.count().filter(overdue(now)))
    # Whatever waits has a due time: the condition is there for the index of those.
    waiting = waiting.where(Claim.status.in_(WAITING_FOR_OPERATOR), Claim.due_at.is_not(None))
    if wanted.area:
        waiting = waiting.where(Claim.area == wanted.area)
    if wanted.partner_id is not None:
        waiting = waiting.where(Claim.partner_id == wanted.partner_id)
    waiting = waiting.group_by(group).order_by(func.count().desc(), group)
    if wanted.by is By.PARTNER:
        waiting = waiting.limit(MOST_PARTNERS)
    return {key or "": (all_, late) for key, all_, late in session.execute(waiting)}


def standing_in_all(session: Session, wanted: Wanted, *, now: datetime) -> tuple[int, int]:
    """Return the same over all areas and partners that are wanted."""
    by_area = standing(session, Wanted(wanted.first, wanted.last, By.AREA, wanted.area, wanted.partner_id), now=now)
    return sum(all_ for all_, _late in by_area.values()), sum(late for _all, late in by_area.values())


def counted_up_to(session: Session) -> datetime | None:
    """Return the moment up to which all was counted, None where nothing was yet."""
    return session.scalar(select(Heartbeat.at).where(Heartbeat.name == COUNTED))


def percentile(days: Mapping[int, int], percent: int) -> int | None:
    """Return the smallest number of days within which `percent` of the decisions were made; None where none was.

    `days` has how many decisions took how many days.
    """
    needed, reached = percent * sum(days.values()), 0
    for day in sorted(days):
        reached += days[day]
        if reached * 100 >= needed:
            return day
    return None


def partners_named(session: Session, typed: str, *, most: int) -> Sequence[Partner]:
    """Return the partner that is called so or, where there is none, those in whose names a word begins so."""
    partners = select(Partner).order_by(func.lower(Partner.name)).limit(most)
    exactly = session.scalars(partners.where(func.lower(Partner.name) == func.lower(typed))).all()
    return exactly or session.scalars(partners.where(names_partner(typed))).all()


def names_of(session: Session, partner_ids: Sequence[int]) -> dict[int, str]:
    """Return the names of partners."""
    return dict(session.execute(select(Partner.id, Partner.name).where(Partner.id.in_(partner_ids))).all())


def _partners(session: Session, wanted: Wanted) -> Sequence[int]:
    most = _figures(wanted, WeeklyFigure.partner_id).where(WeeklyFigure.measure.not_in(STANDING))
    most = most.group_by(WeeklyFigure.partner_id)
    most = most.order_by(func.sum(WeeklyFigure.number).desc(), WeeklyFigure.partner_id)
    return session.scalars(most.limit(MOST_PARTNERS)).all()


def _figures(wanted: Wanted, *columns: Any) -> Select[Any]:
    figures = select(*columns).where(WeeklyFigure.week.between(wanted.first, wanted.last))
    if wanted.area:
        figures = figures.where(WeeklyFigure.area == wanted.area)
    if wanted.partner_id is not None:
        figures = figures.where(WeeklyFigure.partner_id == wanted.partner_id)
    return figures
