"""People who sign in."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cpor_web.models.base import Base, Id, one_of
from cpor_web.models.partner import Partner
from cpor_web.rules.roles import PARTNER_ROLES, Actor, Role
from cpor_web.starting.lean_security import UserMixin

_PARTNER_ROLES = ", ".join(f"'{role.value}'" for role in sorted(PARTNER_ROLES))


class User(Base, UserMixin):
    """Somebody with one role, who belongs to one partner or to the operator, never to two.

    `calendar_number` is that of their calendar feed's address: nought without one, and one more with every new one.

    `totp_secret` is that of their authenticator app, encrypted; with it they have a second factor. `totp_number` is
    that of the last code they used. `recovery_codes` are digests of those not used yet. `passkey_handle` is who they
    are to their passkeys: bytes that tell nobody anything.
    """

    __tablename__ = "users"

    id: Mapped[Id]
    email: Mapped[str]
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(one_of(Role, "role_is_known"))
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partners.id"), index=True)
    password: Mapped[str | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    fs_uniquifier: Mapped[str] = mapped_column(unique=True)
    language: Mapped[str] = mapped_column(server_default="en")
    last_sign_in_at: Mapped[datetime | None]
    calendar_number: Mapped[int] = mapped_column(server_default="0")
    totp_secret: Mapped[str | None]
    totp_number: Mapped[int | None] = mapped_column(BigInteger)
    recovery_codes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    passkey_handle: Mapped[bytes | None] = mapped_column(unique=True)

    partner: Mapped[Partner | None] = relationship(lazy="joined")

    __table_args__ = (
        Index("users_one_email", text("lower(email)"), unique=True),
        CheckConstraint(
            f"(partner_id IS NOT NULL) = (role IN ({_PARTNER_ROLES}))", name="partner_roles_belong_to_a_partner"
        ),
        CheckConstraint("role NOT IN ('customer', 'system')", name="nobody_signs_in_as_customer_or_system"),
        CheckConstraint(
            "totp_secret IS NOT NULL OR (totp_number IS NULL AND recovery_codes = '{}')",
            name="codes_only_with_a_second_factor",
        ),
    )

    @property
    def actor(self) -> Actor:
        """Who this user is to the rules."""
        return Actor(self.role, self.name, self.id, self.partner_id)
