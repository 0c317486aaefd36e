"""The security log of an account: what happened to the ways into it, for its owner to read.

`note` writes a line. `announce` also mails it: what lets somebody in, or keeps them out, is to be known at once.
Nothing here commits.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from cpor_web.emails.catalogue import to_people
from cpor_web.models import FailedSignIns, SecurityEvent, SecurityKind, User
from cpor_web.programme import Programme
from cpor_web.rules.roles import Actor
from cpor_web.rules.words import N_

KEPT = timedelta(days=366)
"""How long a line is kept; the database refuses to forget one of less than 365 days."""

SENTENCES = {
    SecurityKind.SIGNED_IN: N_("Signed in with %(way)s."),
    SecurityKind.SIGN_INS_FAILED: N_("Signing in failed %(times)s times before it went well."),
    SecurityKind.SIGNED_OUT: N_("Signed out."),
    SecurityKind.SESSION_ENDED: N_("Another browser was signed out."),
    SecurityKind.SESSIONS_ENDED: N_("Signed out everywhere else."),
    SecurityKind.ALL_SESSIONS_ENDED: N_("Signed out everywhere."),
    SecurityKind.PASSWORD_ASKED: N_("Asked for a mail to choose a new password."),
    SecurityKind.PASSWORD_CHANGED: N_("The password was changed."),
    SecurityKind.SECOND_FACTOR_ADDED: N_("A second factor was added."),
    SecurityKind.SECOND_FACTOR_REMOVED: N_("The second factor was removed."),
    SecurityKind.SECOND_FACTOR_RESET: N_("The second factor was reset by an administrator."),
    SecurityKind.RECOVERY_CODES_RENEWED: N_("New recovery codes were made."),
    SecurityKind.RECOVERY_CODE_USED: N_("A recovery code was used."),
    SecurityKind.PASSKEY_ADDED: N_("A passkey was added."),
    SecurityKind.PASSKEY_REMOVED: N_("A passkey was removed."),
    SecurityKind.IDENTITY_LINKED: N_("Signing in through another provider was linked."),
    SecurityKind.IDENTITY_REMOVED: N_("Signing in through another provider was removed."),
    SecurityKind.ROLE_CHANGED: N_("The role was changed: %(old)s → %(new)s."),
    SecurityKind.DEACTIVATED: N_("The account was deactivated."),
    SecurityKind.REACTIVATED: N_("The account was activated again."),
}
"""What a line says, with what its facts fill in; facts are translated themselves. `label` is shown beside it."""

ANNOUNCED = frozenset(
    {
        SecurityKind.PASSWORD_CHANGED,
        SecurityKind.SECOND_FACTOR_ADDED,
        SecurityKind.SECOND_FACTOR_REMOVED,
        SecurityKind.SECOND_FACTOR_RESET,
        SecurityKind.RECOVERY_CODES_RENEWED,
        SecurityKind.RECOVERY_CODE_USED,
        SecurityKind.PASSKEY_ADDED,
        SecurityKind.PASSKEY_REMOVED,
        SecurityKind.IDENTITY_LINKED,
        SecurityKind.IDENTITY_REMOVED,
    }
)
"""What the user gets a mail about. Its sentences have no facts to fill in."""


class Place(NamedTuple):
    """Where something was done, in words to recognise it by; `places.here` says it of the present request."""

    browser: str = ""
    network: str = ""


UNTOLD = Place()
"""Of what somebody else did, by a command or on a page of theirs: that is no place of the user's."""


def note(
    session: Session,
    user: User,
    kind: SecurityKind,
    *,
    now: datetime,
    place: Place,
    by: Actor | None = None,
    **facts: str,
) -> SecurityEvent:
    """Add a line to the log of `user`: `by` somebody else, or (None) by themselves.

    `facts` are what the kind's sentence fills in (msgids are translated), and `label`: how the user calls what it is
    about. Raises ValueError for a kind that must be announced.
    """
    if kind in ANNOUNCED:
        raise ValueError(f"{kind} is to be announced")
    return _add(session, user, kind, now, place, by, facts)


def announce(
    session: Session,
    user: User,
    kind: SecurityKind,
    *,
    now: datetime,
    programme: Programme,
    place: Place,
    by: Actor | None = None,
    label: str = "",
) -> SecurityEvent:
    """Add a line as `note` does, and mail it to the user."""
    event = _add(session, user, kind, now, place, by, {"label": label} if label else {})
    to_people.security_notice(
        session,
        user,
        what=SENTENCES[kind],
        label=label,
        by=by.name if event.by_id and by else "",
        browser=place.browser,
        network=place.network,
        now=now,
        programme=programme,
    )
    return event


def count_failure(session: Session, user_id: int | None, *, now: datetime) -> None:
    """Count a sign-in that failed; None where there is no such account, which is the same work."""
    row = insert(FailedSignIns).values(user_id=user_id, times=1, first_at=now, last_at=now)
    more = {"times": FailedSignIns.times + 1, "last_at": now}
    session.execute(row.on_conflict_do_update(index_elements=[FailedSignIns.user_id], set_=more))


def failures_of(session: Session, user: User) -> FailedSignIns | None:
    """Return how often signing in to this account failed since it last went well, None where it did not."""
    return session.scalar(select(FailedSignIns).where(FailedSignIns.user_id == user.id))


def settle_failures(session: Session, user: User, *, now: datetime, place: Place) -> None:
    """Turn the count into a line of the log, now that the user is in."""
    gone = delete(FailedSignIns).where(FailedSignIns.user_id == user.id).returning(FailedSignIns.times)
    times = session.scalar(gone)
    if times:
        note(session, user, SecurityKind.SIGN_INS_FAILED, now=now, place=place, times=str(times))


def events_of(session: Session, user: User, *, limit: int, before: int | None = None) -> Sequence[SecurityEvent]:
    """Return the lines of a user's log, the newest first; with `before`, those older than the one of this id."""
    events = select(SecurityEvent).where(SecurityEvent.user_id == user.id).order_by(SecurityEvent.id.desc())
    if before is not None:
        events = events.where(SecurityEvent.id < before)
    return session.scalars(events.limit(limit)).all()


def last(session: Session, user: User, kind: SecurityKind) -> datetime | None:
    """Return when a line of this kind was last added, None where it never was."""
    same = (SecurityEvent.user_id == user.id, SecurityEvent.kind == kind)
    return session.scalar(select(func.max(SecurityEvent.at)).where(*same))


def forget(session: Session, *, now: datetime) -> None:
    """Delete what is older than it is kept."""
    session.execute(delete(SecurityEvent).where(SecurityEvent.at < now - KEPT))


def _add(
    session: Session,
    user: User,
    kind: SecurityKind,
    now: datetime,
    place: Place,
    by: Actor | None,
    facts: dict[str, str],
) -> SecurityEvent:
    other = by.user_id if by is not None and by.user_id != user.id else None
    event = SecurityEvent(
        user_id=user.id,
        at=now,
        kind=kind,
        by_id=other,
        browser=place.browser,
        network=place.network,
        facts=facts,
    )
    session.add(event)
    return event
