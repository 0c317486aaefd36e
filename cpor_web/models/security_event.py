"""The security log of an account: what happened to the ways into it. Its owner reads it; nobody changes it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cpor_web.models.base import Base, Id


class SecurityKind(StrEnum):
    """What is logged. Stored as text, for a later version knows more kinds than this one."""

    SIGNED_IN = "signed-in"
    SIGN_INS_FAILED = "sign-ins-failed"
    SIGNED_OUT = "signed-out"
    SESSION_ENDED = "session-ended"
    SESSIONS_ENDED = "sessions-ended"
    ALL_SESSIONS_ENDED = "all-sessions-ended"
    PASSWORD_ASKED = "password-asked"  # noqa: S105 - a word, not a secret
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - a word, not a secret
    SECOND_FACTOR_ADDED = "second-factor-added"
    SECOND_FACTOR_REMOVED = "second-factor-removed"
    SECOND_FACTOR_RESET = "second-factor-reset"
    RECOVERY_CODES_RENEWED = "recovery-codes-renewed"
    RECOVERY_CODE_USED = "recovery-code-used"
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_REMOVED = "passkey-removed"
    IDENTITY_LINKED = "identity-linked"
    IDENTITY_REMOVED = "identity-removed"
    ROLE_CHANGED = "role-changed"
    DEACTIVATED = "deactivated"
    REACTIVATED = "reactivated"


class SecurityEvent(Base):
    """One thing that happened to one account. Rows are only added, and deleted only once a year old.

    `by_id` is who did it where it was not the user: an administrator, say. `browser` and `network` are words to
    recognise the place by; both empty where it was done from a shell. `facts` has what the sentence names, as text.
    """

    __tablename__ = "security_events"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]
    kind: Mapped[str]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    browser: Mapped[str] = mapped_column(server_default="")
    network: Mapped[str] = mapped_column(server_default="")
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))

    __table_args__ = (
        Index("security_events_of_a_user", "user_id", "id"),
        Index("security_events_by_age", "at"),
    )


class FailedSignIns(Base):
    """How often somebody failed to sign in to an account since it last went well: one row, however many guesses.

    The row without a user counts those at accounts that do not exist, so that both kinds of guess are the same work.
    """

    __tablename__ = "failed_sign_ins"

    id: Mapped[Id]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    times: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]

    __table_args__ = (
        Index("failed_sign_ins_one_row_a_user", "user_id", unique=True, postgresql_nulls_not_distinct=True),
        CheckConstraint("times > 0", name="at_least_one"),
    )
