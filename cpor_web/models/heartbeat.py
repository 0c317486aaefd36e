"""Signs of life of the processes that work behind the pages."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from cpor_web.models.base import Base


class Heartbeat(Base):
    """When a process last did its round."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
