"""Signing somebody else out, by those who manage their account."""

from datetime import datetime

from sqlalchemy.orm import Session

from cpor_web.models import Ended, SecurityKind, User
from cpor_web.rules.roles import Actor
from cpor_web.users import people, security_log, sessions


def everywhere(session: Session, user: User, *, actor: Actor, now: datetime) -> None:
    """End all sessions of somebody, who can sign in again. Refuses as the verbs of `people` do."""
    people.hold(session, user, actor)
    sessions.end_all(session, user, why=Ended.ELSEWHERE, now=now)
    security_log.note(session, user, SecurityKind.ALL_SESSIONS_ENDED, now=now, place=security_log.UNTOLD, by=actor)
