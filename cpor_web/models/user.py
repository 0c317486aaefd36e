"""People who sign in."""

from datetime import datetime

from flask_security import UserMixin
from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cpor_web.models.base import Base, Id, one_of
from cpor_web.models.partner import Partner
from cpor_web.rules.roles import PARTNER_ROLES, Actor, Role

_PARTNER_ROLES = ", ".join(f"'{role.value}'" for role in sorted(PARTNER_ROLES))


class User(Base, UserMixin):
    """Somebody with one role, who belongs to one partner or to the operator, never to two.

    `calendar_number` is that of their calendar feed's address: nought without one, and one more with every new one.
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

    partner: Mapped[Partner | None] = relationship(lazy="joined")

    __table_args__ = (
        Index("users_one_email", text("lower(email)"), unique=True),
        CheckConstraint(
            f"(partner_id IS NOT NULL) = (role IN ({_PARTNER_ROLES}))", name="partner_roles_belong_to_a_partner"
        ),
        CheckConstraint("role NOT IN ('customer', 'system')", name="nobody_signs_in_as_customer_or_system"),
    )

    @property
    def actor(self) -> Actor:
        """Who this user is to the rules."""
        return Actor(self.role, self.name, self.id, self.partner_id)
