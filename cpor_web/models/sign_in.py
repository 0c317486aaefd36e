"""Sign-ins: what a session's cookie stands for. A cookie without its row, or whose row has ended, opens nothing."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from cpor_web.models.base import Base, Id, one_of


class Ended(StrEnum):
    """Why a sign-in is over before its time."""

    SIGNED_OUT = "signed-out"
    ELSEWHERE = "elsewhere"
    PASSWORD = "password"  # noqa: S105 - a word, not a secret
    SECOND_FACTOR = "second-factor"
    ROLE = "role"
    DEACTIVATED = "deactivated"
    RENEWED = "renewed"


class SignIn(Base):
    """One sign-in of one user, by one browser.

    `key` is the digest of the secret in the cookie, so that who reads this table can be nobody. `seen_at` is coarse:
    it is written only when some minutes old. `browser` and `network` are words to recognise it by, never its address.
    """

    __tablename__ = "sign_ins"

    id: Mapped[Id]
    key: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    way: Mapped[str] = mapped_column(server_default="password")
    browser: Mapped[str] = mapped_column(server_default="")
    network: Mapped[str] = mapped_column(server_default="")
    ended_at: Mapped[datetime | None]
    why_ended: Mapped[Ended | None] = mapped_column(one_of(Ended, "end_is_known"))

    __table_args__ = (
        Index("sign_ins_that_last", "user_id", postgresql_where=text("ended_at IS NULL")),
        Index("sign_ins_by_last_use", "seen_at"),
        CheckConstraint("octet_length(key) = 32", name="key_is_a_digest"),
        CheckConstraint("(ended_at IS NULL) = (why_ended IS NULL)", name="ended_for_a_reason"),
    )
