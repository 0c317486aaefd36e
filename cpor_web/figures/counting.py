"""Counts each day that is over, once, into the figures of its week: what a page of a year reads is then small.

What is counted stays as it was counted: neither a later erasure nor another calendar changes it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from cpor_web.claims.queries import overdue
from cpor_web.models import Claim, Event, Heartbeat, Measure, WeeklyFigure
from cpor_web.programme import Programme
from cpor_web.rules import deadlines
from cpor_web.rules.deadlines import ONE_DAY, Calendar
from cpor_web.rules.reasons import Rejection
from cpor_web.rules.statuses import WAITING_FOR_OPERATOR

COUNTED = "figures-counted"
"""The heartbeat whose moment is that up to which all was counted."""

MARGIN = timedelta(minutes=15)
"""How long after its end a day is counted: by then whatever began within it was committed or given up."""

REJECTIONS = {
    "claim:withdrawn": Rejection.PARTNER_REQUEST,
    "claim:lapsed": Rejection.NO_PARTNER_RESPONSE,
    "consent:denied": Rejection.CUSTOMER_DECLINE,
    "consent:declined-by-silence": Rejection.CUSTOMER_DECLINE,
    "claim:replaced": Rejection.REPLACED,
}
"""The rejections that happen, by kind of event; a reviewer's own says its reason."""

UNDELIVERED = {"mail:bounced": "bounced", "mail:refused": "refused"}
STANDING = (Measure.WAITING, Measure.OVERDUE)
"""What is not added up, but how it stood."""

DECISIONS = ("claim:approved", "claim:rejected")
COUNTED_KINDS = ("claim:rejected", "claim:information-requested", *REJECTIONS, *UNDELIVERED)

_BEGIN = frozenset({"claim:submitted", "claim:disputed"})
_CLOCK = (*_BEGIN, "claim:resubmitted", "claim:information-requested", *DECISIONS)

Key = tuple[int, str, Measure, str]
"""Partner, area, measure, value."""


def count_due(session: Session, *, now: datetime, programme: Programme) -> bool:
    """Count the next day that is over and was not counted; return whether there was one. Two at once are harmless."""
    calendar = programme.calendar
    start = _take_turn(session, calendar)
    if start is None:
        return False
    end = calendar.start_of(calendar.local_day(start) + ONE_DAY)
    if end > now - MARGIN:
        return False
    day = calendar.local_day(start)
    week = day - day.weekday() * ONE_DAY
    counts = Counter(dict(_happened(session, start, end)))
    for partner_id, area, days in _decided(session, start, end, calendar):
        counts[partner_id, area, Measure.DECIDED, str(days)] += 1
    if end == calendar.start_of(calendar.local_day(now)):  # how it stood on an earlier day, nobody knows any more
        before = delete(WeeklyFigure).where(WeeklyFigure.week == week, WeeklyFigure.measure.in_(STANDING))
        session.execute(before)
        counts.update(dict(_standing(session, end)))
    _add(session, week, counts)
    session.get_one(Heartbeat, COUNTED).at = end
    return True


def operators_days(events: Sequence[tuple[str, datetime]], calendar: Calendar) -> int:
    """Return the business days that the operator had the claim, until the last of `events`, a decision.

    `events` are kinds and moments in order. A submission and a dispute begin anew; the partner's time does not count.
    """
    used, since = 0, None
    for kind, at in events[:-1]:
        if kind in _BEGIN:
            used, since = 0, at
        elif kind == "claim:resubmitted":
            since = at
        elif since is not None:
            used, since = used + deadlines.days_taken(since, at, calendar), None
    return used + (deadlines.days_taken(since, events[-1][1], calendar) if since else 0)


def _take_turn(session: Session, calendar: Calendar) -> datetime | None:
    """Lock and return the moment from which to count, None where nothing has happened or another is counting."""
    mine = select(Heartbeat).where(Heartbeat.name == COUNTED).with_for_update(skip_locked=True)
    turn = session.scalar(mine)
    if turn is None:
        first = session.scalar(select(func.min(Claim.created_at)))  # no event is older; these are fewer
        if first is None:
            return None
        begun = insert(Heartbeat).values(name=COUNTED, at=calendar.start_of(calendar.local_day(first)))
        session.execute(begun.on_conflict_do_nothing())
        turn = session.scalar(mine)
    return turn.at if turn else None


def _add(session: Session, week: date, counts: Counter[Key]) -> None:
    names = ("week", "partner_id", "area", "measure", "value", "number")
    rows = [dict(zip(names, (week, *key, number), strict=True)) for key, number in sorted(counts.items())]
    if rows:
        added = insert(WeeklyFigure)
        more = {"number": WeeklyFigure.number + added.excluded.number}
        session.execute(added.on_conflict_do_update(index_elements=names[:-1], set_=more), rows)


def _happened(session: Session, start: datetime, end: datetime) -> Iterator[tuple[Key, int]]:
    reason = func.coalesce(Event.data["reason"].as_string(), "").label("reason")
    events = (
        select(Claim.partner_id, Claim.area, Event.kind, reason, func.count())
        .join(Claim, Claim.id == Event.claim_id)
        .where(Event.at >= start, Event.at < end, Event.kind.in_(COUNTED_KINDS))
        .group_by(Claim.partner_id, Claim.area, Event.kind, text("reason"))
    )
    counts: Counter[Key] = Counter()
    for partner_id, area, kind, said, number in session.execute(events):
        for measure, value in _measured(kind, said):
            counts[partner_id, area or "", measure, value] += number
    yield from counts.items()


def _measured(kind: str, reason: str) -> Iterator[tuple[Measure, str]]:
    if kind == "claim:information-requested":
        yield Measure.ASKED, ""
    elif kind in UNDELIVERED:
        yield Measure.UNDELIVERED, UNDELIVERED[kind]
    else:
        yield Measure.REJECTED, REJECTIONS[kind].value if kind in REJECTIONS else reason
    if kind == "consent:denied":
        yield Measure.DENIED, ""


def _decided(session: Session, start: datetime, end: datetime, calendar: Calendar) -> Iterator[tuple[int, str, int]]:
    """Yield partner, area and the operator's business days of each decision."""
    decided = select(Event.claim_id).where(Event.at >= start, Event.at < end, Event.kind.in_(DECISIONS))
    events = (
        select(Claim.id, Claim.partner_id, Claim.area, Event.kind, Event.at)
        .join(Claim, Claim.id == Event.claim_id)
        .where(Event.claim_id.in_(decided), Event.kind.in_(_CLOCK), Event.at < end)
        .order_by(Event.claim_id, Event.position)
    )
    before: list[tuple[str, datetime]] = []
    claim_id = None
    for row in session.execute(events):
        if row.id != claim_id:
            claim_id, before = row.id, []
        before.append((row.kind, row.at))
        if row.kind in DECISIONS and row.at >= start:
            yield row.partner_id, row.area, operators_days(before, calendar)


def _standing(session: Session, end: datetime) -> Iterator[tuple[Key, int]]:
    """Yield what waits for the operator, and what of it was overdue at `end`."""
    waiting = (
        select(Claim.partner_id, Claim.area, func.count(), func.count().filter(overdue(end)))
        .where(Claim.status.in_(WAITING_FOR_OPERATOR), Claim.due_at.is_not(None))
        .group_by(Claim.partner_id, Claim.area)
    )
    for partner_id, area, all_, late in session.execute(waiting):
        yield (partner_id, area or "", Measure.WAITING, ""), all_
        if late:
            yield (partner_id, area or "", Measure.OVERDUE, ""), late
