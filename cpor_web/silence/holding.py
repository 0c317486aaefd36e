"""Holding: while too many notices do not get through, nothing is closed. Silence that an outage caused is no answer.

No partner's notices alone hold everybody's closing: failures of several partners do, or of all who ask where these
are few. Trouble of ours strikes them all. What counts as a failure, `failed_notices` knows.

No closing slips past a holding that begins: `watch` takes an advisory lock alone, `bars` takes it shared, both until
their transaction ends. It is the last lock of all: after claim and round, and whoever has it waits for nobody who
wants it.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from cpor_web.database.prepared import Prepared, prepared
from cpor_web.emails.catalogue import to_staff
from cpor_web.entities import ahead
from cpor_web.models import Holding
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid, NotAllowed, Stale
from cpor_web.rules.roles import ADMINISTRATORS, Actor, require
from cpor_web.rules.words import N_
from cpor_web.silence import failed_notices
from cpor_web.silence.failed_notices import Figures

LONGEST_REASON = 2000
LOCK = 7_09
"""The advisory lock's number. The product takes others, such as that of a checkpoint; none has this number."""


def is_in_force(session: Session) -> bool:
    """Tell whether closing is held."""
    return bool(_is_in_force().one(session)[0])


def in_force(session: Session) -> Holding | None:
    """Return the holding that no administrator has released yet. Mostly there is none, and that is quickly told."""
    return session.scalar(_in_force()) if is_in_force(session) else None


IS_IN_FORCE = exists().where(Holding.released_at.is_(None))
"""Whether closing is held, for a statement that reads something else."""


@cache
def _is_in_force() -> Prepared:
    return prepared(select(IS_IN_FORCE))


def _in_force() -> Select[Holding]:
    return select(Holding).where(Holding.released_at.is_(None))


def past(session: Session) -> Sequence[Holding]:
    """Return the holdings that were released, the latest first."""
    released = select(Holding).where(Holding.released_at.is_not(None))
    return session.scalars(released.order_by(Holding.released_at.desc(), Holding.id.desc())).all()


def bars(session: Session) -> bool:
    """Tell whether nothing may be closed now; where it may, none begins before the caller's transaction ends.

    For who is about to close something and has locked it.
    """
    return ahead.once(session, _bars)


def _bars(session: Session) -> bool:
    _shared_lock().ask(session)
    return is_in_force(session)


@cache
def _shared_lock() -> Prepared:
    return prepared(select(func.pg_advisory_xact_lock_shared(LOCK)))


def watch(session: Session, *, now: datetime, programme: Programme) -> Holding | None:
    """Begin to hold where too many notices failed, and mail every administrator; None where nothing begins.

    Asked before everything that closes, and by what notes a failure, in its transaction.
    """
    session.flush()
    session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    if is_in_force(session):
        return None
    since = failed_notices.counted_since(session, now=now)
    failed = sum(failed_notices.failed_of_partners(session, since=since).values())
    if not Figures(failed, failed).is_too_many(programme.hold_share, programme.hold_count):
        return None  # nor are they among more: so what got through, all of a day, is mostly not counted
    found = failed_notices.figures(session, since=since)
    if not found.is_too_many(programme.hold_share, programme.hold_count):
        return None
    if found.partners < min(programme.hold_partners, failed_notices.partners_asking(session, since)):
        return None  # told of by `suspects`
    begun = Holding(began_at=now, notices=found.notices, failed=found.failed)
    session.add(begun)
    session.flush()
    to_staff.closing_held(session, begun, now=now, programme=programme)
    return begun


def hold_after_restore(session: Session, backed_up_at: datetime, *, now: datetime) -> None:
    """Hold closing over a restored database: who was silent at `backed_up_at` may have answered since.

    Nobody is mailed: whoever restores knows. Readiness and the figures say that it is held.
    """
    held = in_force(session)
    if held is None:
        held = Holding(began_at=now, notices=0, failed=0)
        session.add(held)
    held.restored_from = backed_up_at
    session.flush()


def release(session: Session, reason: str, *, actor: Actor, now: datetime, seen: int | None = None) -> Holding:
    """Let closing go on, as an administrator; what failed until now no longer counts.

    `seen` is the id of the holding that the person's page showed: what began after it was released nobody has looked
    at. Raises Invalid without a reason or with too long a one, NotAllowed where nothing is held, Stale where it is
    another holding.
    """
    require(actor, ADMINISTRATORS)
    reason = reason.replace("\x00", "").strip()
    if not reason or len(reason) > LONGEST_REASON:
        sentence = N_("Say in at most %(most)s characters why closing can go on.")
        raise Invalid(sentence, {"most": LONGEST_REASON}, "reason")
    held = session.scalar(_in_force().with_for_update(of=Holding).execution_options(populate_existing=True))
    if held is None:
        raise NotAllowed(N_("Closing is not held. Perhaps another administrator has released it."))
    if seen is not None and held.id != seen:
        another = N_("Another holding has begun since you opened this page. Nothing was released: see what failed.")
        raise Stale(another)
    held.released_at, held.released_by_id, held.reason = now, actor.user_id, reason
    return held
