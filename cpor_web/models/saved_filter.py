"""What somebody lists again and again, under a name."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cpor_web.models.base import Base, Id


class SavedFilter(Base):
    """A filter of the dashboard that a user has saved: what its address says, by name."""

    __tablename__ = "saved_filters"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str]
    wanted: Mapped[dict[str, str]] = mapped_column(JSONB)

    __table_args__ = (
        Index("saved_filters_one_name", "user_id", text("lower(name)"), unique=True),
        CheckConstraint("name <> ''", name="has_a_name"),
    )
