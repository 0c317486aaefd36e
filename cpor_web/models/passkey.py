"""Passkeys: keys of people's devices and password managers, by which they sign in (WebAuthn)."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cpor_web.models.base import Base, Id


class Passkey(Base):
    """One key of one user: its public half. `sign_count` is the last one its device told, nought where it tells none.

    `credential_id` is by what the device finds it. `name` is its owner's word for it, unlike those of their others.
    """

    __tablename__ = "passkeys"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str]
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)  # 32 bits without a sign
    added_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("user_id", "name", name="passkeys_one_name_a_user"),
        CheckConstraint("name <> ''", name="has_a_name"),
        CheckConstraint("sign_count >= 0", name="sign_count_from_nought"),
    )
