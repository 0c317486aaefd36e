"""What people with an account get about that account."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cpor_web.emails import outbox
from cpor_web.emails.catalogue import addressing, facts
from cpor_web.models import User
from cpor_web.programme import Programme
from cpor_web.rules.roles import Actor


def password_reset(session: Session, user: User, *, now: datetime, programme: Programme) -> None:
    """Send the link to choose a new password."""
    _to(session, user, "password-reset", now, programme)


def invitation(session: Session, user: User, *, now: datetime, programme: Programme, by: Actor | None = None) -> None:
    """Invite a new user to choose a password, and say into which organisation, as what, and by whom.

    A stranger would else take it for somebody's bait. Nobody is named whose doing it was at the command line.
    """
    about = {
        "organisation": user.partner.name if user.partner else programme.operator,
        "role": user.role.label,
        "by": by.name if by else "",
        "by_id": str(by.user_id) if by else "",  # by it their name is found, once it is to be erased
    }
    _to(session, user, "invitation", now, programme, **about)


def security_notice(
    session: Session,
    user: User,
    *,
    what: str,
    label: str,
    by: str,
    browser: str,
    network: str,
    now: datetime,
    programme: Programme,
) -> None:
    """Say what happened to the ways into the account (`what`, a msgid), where, and what to do if it was not them."""
    about = {"what": what, "label": label, "by": by, "browser": browser, "network": network, "at": now.isoformat()}
    _to(session, user, "security-notice", now, programme, **about)


def _to(session: Session, user: User, kind: str, now: datetime, programme: Programme, **more: Any) -> None:
    context = {**facts.house(programme), **more}
    outbox.put(session, kind, addressing.person(user), context, now=now, user_id=user.id)
