"""What was erased: how much of what, when, and why. Never whose it was."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cpor_web.models.base import Base, Id


class Erasure(Base):
    """One erasure. `why` is empty where a retention had ended, else what was given as the reason."""

    __tablename__ = "erasures"

    id: Mapped[Id]
    at: Mapped[datetime]
    what: Mapped[str]
    count: Mapped[int]
    why: Mapped[str] = mapped_column(server_default="")

    __table_args__ = (CheckConstraint("count > 0", name="some_were_erased"),)
