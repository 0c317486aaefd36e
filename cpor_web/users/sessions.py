"""Sessions on the server's side: a row for each sign-in, without which its cookie opens nothing.

So that signing out ends copies of the cookie too, a person can end what they no longer hold, and what has not been
used for long, or began too long ago, is over. Nothing here commits.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, DateTime, LargeBinary, Text, and_, bindparam, delete, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from cpor_web.config import Settings
from cpor_web.database.prepared import Prepared, prepared
from cpor_web.entities import attached
from cpor_web.models import Ended, Partner, SignIn, User
from cpor_web.users.security_log import Place

_Moment = datetime | ColumnElement[datetime]
_FOUND = (User, SignIn, Partner)
"""Whose columns `_found` reads, in this order."""

NOTED_EVERY = timedelta(minutes=5)
KEPT = timedelta(days=30)
"""How long an ended sign-in is kept, so that it can be told why it is over."""


class Limits(NamedTuple):
    """When a sign-in is over by itself: unused for `idle`, or `whole` after it began."""

    idle: timedelta
    whole: timedelta

    @classmethod
    def from_settings(cls, settings: Settings) -> "Limits":
        """Return the limits that the operator has set."""
        return cls(timedelta(hours=settings.session_idle_hours), timedelta(days=settings.session_days))

    @property
    def noted_every(self) -> timedelta:
        """How often it is written down that a sign-in is used: seldom, but often enough for `idle`."""
        return min(NOTED_EVERY, self.idle / 4)


def begin(
    session: Session, user: User, *, way: str, now: datetime, place: Place, began_at: datetime | None = None
) -> str:
    """Add a sign-in; return the secret for its cookie, which is nowhere else.

    `began_at` is that of the sign-in which it goes on from, and with which it is over.
    """
    secret = secrets.token_urlsafe(24)
    sign_in = SignIn(
        key=_key(secret),
        user_id=user.id,
        began_at=began_at or now,
        seen_at=now,
        way=way,
        browser=place.browser,
        network=place.network,
    )
    session.add(sign_in)
    return secret


def find(
    session: Session, secret: str, *, uniquifier: str, now: datetime, limits: Limits
) -> tuple[User, SignIn] | None:
    """Return who a cookie stands for and by which sign-in, None where it is over or the account is not active."""
    asked = {"key": _key(secret), "uniquifier": uniquifier, "used": now - limits.idle, "begun": now - limits.whole}
    rows = _found().ask(session, **asked)
    return _entities(session, rows[0]) if rows else None


def is_to_be_noted(sign_in: SignIn, *, now: datetime, limits: Limits) -> bool:
    """Tell whether it is time again to write down that a sign-in is used."""
    return now - sign_in.seen_at >= limits.noted_every


def lasting(session: Session, user: User, *, now: datetime, limits: Limits) -> Sequence[SignIn]:
    """Return the sign-ins of a user that are not over, the last used first."""
    theirs = select(SignIn).where(SignIn.user_id == user.id, _lasts(now, limits))
    return session.scalars(theirs.order_by(SignIn.seen_at.desc(), SignIn.id.desc())).all()


def end(session: Session, secret: str, *, why: Ended, now: datetime) -> None:
    """End the sign-in of this cookie, if it lasts."""
    _end(session, SignIn.key == _key(secret), why, now)


def end_one(session: Session, user: User, sign_in_id: int, *, why: Ended, now: datetime) -> bool:
    """End one of a user's own sign-ins; tell whether there was one to end."""
    return _end(session, and_(SignIn.user_id == user.id, SignIn.id == sign_in_id), why, now) > 0


def end_others(session: Session, user: User, *, keep: str, why: Ended, now: datetime) -> int:
    """End all sign-ins of a user but that of the cookie `keep`; return how many these were."""
    return _end(session, and_(SignIn.user_id == user.id, SignIn.key != _key(keep)), why, now)


def end_all(session: Session, user: User, *, why: Ended, now: datetime) -> int:
    """End all sign-ins of a user; return how many these were."""
    return _end(session, SignIn.user_id == user.id, why, now)


def forget(session: Session, *, now: datetime, limits: Limits) -> None:
    """Delete the sign-ins that are over, and were not used for long: of no interest any more."""
    session.execute(delete(SignIn).where(SignIn.seen_at < now - KEPT, ~_lasts(now, limits)))


def _end(session: Session, which: ColumnElement[bool], why: Ended, now: datetime) -> int:
    ended = update(SignIn).where(which, SignIn.ended_at.is_(None)).values(ended_at=now, why_ended=why)
    return len(session.scalars(ended.returning(SignIn.id)).all())


@cache
def _found() -> Prepared:
    """Return the statement of `find`, which every page asks."""
    used, begun = (bindparam(name, type_=DateTime(timezone=True)) for name in ("used", "begun"))
    key, uniquifier = bindparam("key", type_=LargeBinary), bindparam("uniquifier", type_=Text)
    same = and_(SignIn.user_id == User.id, SignIn.key == key, _has_lasted(used, begun))
    found = select(*(model.__table__ for model in _FOUND)).select_from(User.__table__).join(SignIn.__table__, same)
    found = found.outerjoin(Partner.__table__, Partner.id == User.partner_id)
    return prepared(found.where(User.fs_uniquifier == uniquifier, User.active))


def _entities(session: Session, row: Sequence[Any]) -> tuple[User, SignIn]:
    """Return what `_found` says as the session's own: views may change it."""
    user, sign_in, partner = attached.entities(session, row, *_FOUND)
    set_committed_value(user, "partner", partner)
    return user, sign_in


def _lasts(now: datetime, limits: Limits) -> ColumnElement[bool]:
    return _has_lasted(now - limits.idle, now - limits.whole)


def _has_lasted(used: _Moment, begun: _Moment) -> ColumnElement[bool]:
    return and_(SignIn.ended_at.is_(None), SignIn.seen_at > used, SignIn.began_at > begun)


def _key(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
