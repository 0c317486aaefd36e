"""Notices that failed: they did not surely get through. How many of them make an outage, `holding` decides.

A notice counts at the last news of it: that the mail server took it, that it was given up or lost, that it came back.
Of those with news in the last 24 hours, and since the last release, the ones that did not surely get through have
failed. A notice that was called back before anybody tried to send it is not counted.

Who got notices can send reports about them, and a partner can name contacts whose servers refuse all mail. So only
what could still be closed counts: the newest copies, not old, of askings that are open.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, DateTime, Select, bindparam, exists, func, select
from sqlalchemy.orm import Session, aliased

from cpor_web.database import direct
from cpor_web.database.prepared import Prepared, prepared
from cpor_web.emails.catalogue import ASKS
from cpor_web.emails.condition import last_news
from cpor_web.entities import detached
from cpor_web.models import FAILED, Claim, Holding, Invitation, Mail, Partner, Round
from cpor_web.programme import Programme

DAY = timedelta(hours=24)
RECENT = timedelta(days=14)
"""A notice older than this does not count: a window, and the days for which servers try, are over by then."""

Since = datetime | ColumnElement[datetime]


class Figures(NamedTuple):
    """How many notices there was news of, and how many of them did not surely get through; of how many partners."""

    notices: int
    failed: int
    partners: int = 0

    def is_too_many(self, share: float, count: int) -> bool:
        """Tell whether at least `count` failed, and they are more than that share of all (0 to 1)."""
        return self.failed >= count and self.failed > Decimal(str(share)) * self.notices


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
    failed = failed_of_partners(session, since=since).items()
    many = [id_ for id_, number in failed if Figures(number, number).is_too_many(*limits)]
    if not many:
        return []
    counted = _by_partner().ask(session, since=since, partners=direct.several(many))
    found = [(id_, Figures(notices, number, 1)) for id_, notices, number in counted]
    return [(session.get_one(Partner, id_), each) for id_, each in found if each.is_too_many(*limits)]


def failed_of_partners(session: Session, *, since: datetime) -> Mapping[int, int]:
    """Return how many failed after `since`, by the partner's id."""
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
    counted = counted.where(detached.among(Claim.partner_id, "partners"))
    return prepared(counted.group_by(Claim.partner_id).order_by(failed.desc(), Claim.partner_id))


@cache
def _failed() -> Prepared:
    """Return the statement that counts the failed ones alone, by the partner's id, of which there was such news."""
    failed = _counted(_SINCE, Claim.partner_id, func.count()).where(Mail.state.in_(FAILED))
    return prepared(failed.group_by(Claim.partner_id))


def latest(session: Session, *, since: datetime, most: int) -> Sequence[Mail]:
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


def partners_asking(session: Session, since: datetime) -> int:
    """Count the partners whose customers are asked just now, by notices not old at `since`."""
    return session.scalar(_asking(since, func.count(Claim.partner_id.distinct()))) or 0
