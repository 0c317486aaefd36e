"""Days on which the operator is closed, beside weekends and holidays."""

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cpor_web.models.base import Base
from cpor_web.models.user import User


class Closure(Base):
    """A day that an administrator took out of the calendar. `name` is what deadlines give as the reason."""

    __tablename__ = "closures"

    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str]
    added_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    added_at: Mapped[datetime]

    added_by: Mapped[User] = relationship()
