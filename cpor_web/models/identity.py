"""Who somebody is to the operator's sign-in provider."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cpor_web.models.base import Base, Id, Moment
from cpor_web.models.user import User


class Identity(Base):
    """An account at a provider, known by what never changes (OpenID Connect Core section 2), and whose it is.

    `access_ended_at`: since when the account here is not active because the provider gives its person no role.
    """

    __tablename__ = "identities"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    issuer: Mapped[str]
    subject: Mapped[str]
    tied_at: Mapped[Moment]
    access_ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("issuer", "subject"),
        UniqueConstraint("user_id", "issuer"),
        CheckConstraint("issuer <> '' AND subject <> ''", name="is_of_somebody"),
    )
