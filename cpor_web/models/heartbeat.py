"""Signs of life of the processes that work behind the pages."""

from datetime import datetime

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column

from cpor_web.clock import CLOCKS_APART
from cpor_web.models.base import Base


class Heartbeat(Base):
    """When a process last did its round."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]

    @classmethod
    def is_ahead(cls, now: datetime) -> ColumnElement[bool]:
        """Tell of those that a clock noted which was wrong, as `clock.is_ahead` does of a moment."""
        return cls.at > now + CLOCKS_APART
