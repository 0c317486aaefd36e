"""Holding: while too many notices do not get through, nothing is closed. Silence that an outage caused is no answer.

A notice counts at the last news of it: that the mail server took it, that it was given up or lost, that it came back.
Of those with news in the last 24 hours, and since the last release, the ones that did not surely get through have
failed. A notice that was called back before anybody tried to send it is not counted.

Who got notices can send reports about them, and a partner can name contacts whose servers refuse all mail. So only
what could still be closed counts: the newest copies, not old, of askings that are open. And no partner's notices
alone hold everybody's closing: failures of several partners do, or of all who ask where these are few. Trouble of
ours strikes them all.

No closing slips past a holding that begins: `watch` takes an advisory lock alone, `bars` takes it shared, both until
their transaction ends. It is the last lock of all: after claim and round, and whoever has it waits for nobody who
wants it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, DateTime, Select, bindparam, exists, func, select
from sqlalchemy.orm import Session, aliased

from cpor_web import ahead, direct, loose
from cpor_web.emails.catalogue import ASKS, to_staff
from cpor_web.emails.condition import last_news
from cpor_web.models import FAILED, Claim, Holding, Invitation, Mail, Partner, Round
from cpor_web.prepared import Prepared, prepared
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid, NotAllowed, NotYours
from cpor_web.rules.roles import Actor, Role
from cpor_web.rules.words import N_

DAY = timedelta(hours=24)
RECENT = timedelta(days=14)
"""A notice older than this does not count: a window, and the days for which servers try, are over by then."""

Since = datetime | ColumnElement[datetime]
LONGEST_REASON = 2000
LOCK = 7_09
"""The advisory lock's number; the product takes no other."""


class Figures(NamedTuple):
    """How many notices there was news of, and how many of them did not surely get through; of how many partners."""

    notices: int
    failed: int
    partners: int = 0

    def is_too_many(self, share: float, count: int) -> bool:
        """Tell whether at least `count` failed, and they are more than that share of all (0 to 1)."""
        return self.failed >= count and self.failed > Decimal(str(share)) * self.notices


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
    since = counted_since(session, now=now)
    failed = sum(_failed_of_partners(session, since=since).values())
    if not Figures(failed, failed).is_too_many(programme.hold_share, programme.hold_count):
        return None  # nor are they among more: so what got through, all of a day, is mostly not counted
    found = figures(session, since=since)
    if not found.is_too_many(programme.hold_share, programme.hold_count):
        return None
    if found.partners < min(programme.hold_partners, _partners_asking(session, since)):
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


def release(session: Session, reason: str, *, actor: Actor, now: datetime) -> Holding:
    """Let closing go on, as an administrator; what failed until now no longer counts.

    Raises Invalid without a reason or with too long a one, NotAllowed where nothing is held.
    """
    if actor.role is not Role.ADMINISTRATOR:
        raise NotYours(N_("This is not for your role (%(role)s)."), {"role": actor.role.label})
    reason = reason.replace("\x00", "").strip()
    if not reason or len(reason) > LONGEST_REASON:
        sentence = N_("Say in at most %(most)s characters why closing can go on.")
        raise Invalid(sentence, {"most": str(LONGEST_REASON)}, "reason")
    held = session.scalar(_in_force().with_for_update(of=Holding).execution_options(populate_existing=True))
    if held is None:
        raise NotAllowed(N_("Closing is not held. Perhaps another administrator has released it."))
    held.released_at, held.released_by_id, held.reason = now, actor.user_id, reason
    return held


def counted_since(session: Session, *, now: datetime) -> datetime:
    """Return since when news of notices counts at `now`: for a day, but never from before the last release."""
    since: datetime = _counted_since().one(session, now=now)[0]
    return since


def figures(session: Session, *, since: datetime) -> Figures:
    """Count the notices of which there was news after `since`."""
    failed = Mail.state.in_(FAILED)
    partners = func.count(Claim.partner_id.distinct()).filter(failed)
    row = session.execute(_counted(since, func.count(), func.count().filter(failed), partners)).one()
    return Figures(*row)


def suspects(session: Session, *, since: datetime, programme: Programme) -> Sequence[tuple[Partner, Figures]]:
    """Return the partners of whose own notices too many failed after `since`, the most first: a person looks at them.

    Where others' notices get through it is no outage, but contacts who cannot be reached or somebody who forges.
    """
    limits = programme.hold_share, programme.hold_count
    failed = _failed_of_partners(session, since=since).items()
    many = [id_ for id_, number in failed if Figures(number, number).is_too_many(*limits)]
    if not many:
        return []
    counted = _by_partner().ask(session, since=since, partners=direct.several(many))
    found = [(id_, Figures(notices, number, 1)) for id_, notices, number in counted]
    return [(session.get_one(Partner, id_), each) for id_, each in found if each.is_too_many(*limits)]


def _failed_of_partners(session: Session, *, since: datetime) -> Mapping[int, int]:
    return dict(_failed().ask(session, since=since))


_NOW, _SINCE = (bindparam(name, type_=DateTime(timezone=True)) for name in ("now", "since"))
COUNTED_SINCE: ColumnElement[datetime] = func.greatest(
    _NOW - DAY, select(func.max(Holding.released_at)).where(Holding.released_at <= _NOW).scalar_subquery()
)
"""The same, for a statement that reads something else."""


@cache
def _counted_since() -> Prepared:
    return prepared(select(COUNTED_SINCE))


def some_failed() -> ColumnElement[bool]:
    """Return whether any notice that counts has failed, for a statement that reads something else."""
    return _counted(COUNTED_SINCE, Mail.id).where(Mail.state.in_(FAILED)).exists()


@cache
def _by_partner() -> Prepared:
    """Return the statement that counts what there was news of after `since`, by the partner's id, for `partners`."""
    failed = func.count().filter(Mail.state.in_(FAILED))
    counted = _counted(_SINCE, Claim.partner_id, func.count(), failed)
    counted = counted.where(loose.among(Claim.partner_id, "partners"))
    return prepared(counted.group_by(Claim.partner_id).order_by(failed.desc(), Claim.partner_id))


@cache
def _failed() -> Prepared:
    """Return the statement that counts the failed ones alone, by the partner's id, of which there was such news."""
    failed = _counted(_SINCE, Claim.partner_id, func.count()).where(Mail.state.in_(FAILED))
    return prepared(failed.group_by(Claim.partner_id))


def failures(session: Session, *, since: datetime, most: int) -> Sequence[Mail]:
    """Return up to `most` notices that failed after `since`, the latest first."""
    failed = _counted(since, Mail).where(Mail.state.in_(FAILED))
    return session.scalars(failed.order_by(last_news().desc(), Mail.id.desc()).limit(most)).all()


def _counted(since: Since, *columns: Any) -> Select[Any]:
    """Select among the notices that count after `since`."""
    newer = aliased(Mail)
    has_newer = exists().where(
        newer.invitation_id == Mail.invitation_id,
        newer.kind.in_(ASKS),
        newer.id > Mail.id,
        newer.due_at.is_(None),
        newer.message_id.is_not(None),
    )
    return _asking(since, *columns).where(last_news() > since, Mail.message_id.is_not(None), ~has_newer)


def _asking(since: Since, *columns: Any) -> Select[Any]:
    """Select among the notices, not old at `since`, of askings that are open."""
    return (
        select(*columns)
        .select_from(Mail)
        .join(Invitation, Mail.invitation_id == Invitation.id)
        .join(Round, Invitation.round_id == Round.id)
        .join(Claim, Round.claim_id == Claim.id)
        .where(Mail.kind.in_(ASKS), Mail.queued_at > since - RECENT)
        .where(Invitation.superseded_at.is_(None), Round.closed_at.is_(None))
    )


def _partners_asking(session: Session, since: datetime) -> int:
    return session.scalar(_asking(since, func.count(Claim.partner_id.distinct()))) or 0
