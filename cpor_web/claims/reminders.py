"""Reminders: to partners two business days and one before their deadline and on the day; a digest to the operator."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from cpor_web import facts, lifecycle
from cpor_web.claims import partners_clock
from cpor_web.claims.queries import overdue
from cpor_web.clock import CLOCKS_APART
from cpor_web.consent import stops
from cpor_web.emails.catalogue import to_partner, to_staff
from cpor_web.models import Claim, Heartbeat, Mail, Round, RoundState
from cpor_web.programme import Programme
from cpor_web.rules import deadlines
from cpor_web.rules.deadlines import Calendar
from cpor_web.rules.statuses import Status

FIRST_DAY_BEFORE = 2
"""Business days before a partner's deadline on which the first reminder goes out; then one each business day."""

FROM_HOUR = 7
"""Hour of the operator's day before which nobody is reminded of anything."""

REMINDER = "partner-reminder"
DIGEST = "overdue-digest"


def reminders_due(session: Session, *, now: datetime, programme: Programme) -> Sequence[int]:
    """Return the ids of the claims whose partner is to be reminded today and was not yet."""
    if not _is_time(now, programme):
        return []
    return session.scalars(_to_be_reminded(now, programme).order_by(Claim.id)).all()


def remind(session: Session, claim_id: int, *, now: datetime, programme: Programme) -> bool:
    """Remind one claim's partner, if it still is to be; tell whether it was."""
    claim = session.get(Claim, claim_id)
    if claim is None:
        return False
    lifecycle.hold(session, claim)
    if session.scalar(_to_be_reminded(now, programme).where(Claim.id == claim.id)) is None:
        return False
    due = _partners_deadline(session, claim)
    assert due is not None
    round_ = facts.latest_round(session, claim) if claim.status is Status.APPROVED else None
    astray = stops.who_is_astray(session, round_) if round_ is not None else []
    missed = partners_clock.missed_the_contact(session, claim)
    to_partner.partner_reminder(session, claim, due=due, astray=astray, missed=missed, now=now, programme=programme)
    return True


def send_digest(session: Session, *, now: datetime, programme: Programme) -> bool:
    """Tell the administrators once a day of the operator which claims are overdue, if any is; tell whether it did."""
    if not _is_time(now, programme):
        return False
    claims = session.scalars(select(Claim).where(overdue(now)).order_by(Claim.due_at)).all()
    if not claims or not _is_first_today(session, now, programme):
        return False
    to_staff.overdue_digest(session, claims, now=now, programme=programme)
    return True


def _to_be_reminded(now: datetime, programme: Programme) -> Select[int]:
    calendar = programme.calendar
    until = _last_end(now, calendar)
    waiting = (Claim.status == Status.PARTNER_ACTION_REQUIRED) & Claim.due_at.between(now, until)
    stopped = Claim.id.in_(
        select(Round.claim_id).where(Round.state == RoundState.STOPPED, Round.contact_due_at.between(now, until))
    )
    today = calendar.start_of(calendar.local_day(now))
    told = exists().where(
        Mail.claim_id == Claim.id, Mail.kind == REMINDER, Mail.queued_at.between(today, now + CLOCKS_APART)
    )
    return select(Claim.id).where(or_(waiting, stopped), ~told)


def _last_end(now: datetime, calendar: Calendar) -> datetime:
    """Return the last end of time that is reminded of today.

    On a day off it is the day's own: a deadline stands though its day was declared a day off since.
    """
    is_day_off = calendar.why_not_working(calendar.local_day(now)) is not None
    return deadlines.business_days("reminder", now, 0 if is_day_off else FIRST_DAY_BEFORE, calendar).at


def _is_time(now: datetime, programme: Programme) -> bool:
    return now.astimezone(programme.calendar.zone).hour >= FROM_HOUR


def _is_first_today(session: Session, now: datetime, programme: Programme) -> bool:
    """Take this day's digest, so that of two jobs at the same moment one sends it.

    What a clock took that was ahead holds none back.
    """
    today = programme.calendar.start_of(programme.calendar.local_day(now))
    taken = insert(Heartbeat).values(name=DIGEST, at=now)
    is_untaken = or_(Heartbeat.at < today, Heartbeat.is_ahead(now))
    taken = taken.on_conflict_do_update(index_elements=["name"], set_={"at": now}, where=is_untaken)
    return session.scalar(taken.returning(Heartbeat.name)) is not None


def _partners_deadline(session: Session, claim: Claim) -> datetime | None:
    if claim.status is Status.PARTNER_ACTION_REQUIRED:
        return claim.due_at
    stopped = select(Round.contact_due_at).where(Round.claim_id == claim.id, Round.state == RoundState.STOPPED)
    return session.scalar(stopped)
