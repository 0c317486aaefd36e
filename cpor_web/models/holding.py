"""Holdings: times in which nothing is closed: too many notices did not get through, or a backup was restored."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cpor_web.models.base import Base, Id
from cpor_web.models.user import User


class Holding(Base):
    """From `began_at` until an administrator releases it no window closes and no partner's deadline lapses.

    `failed` of `notices` notices of the day before had bounced or could not be sent when it began; or the database
    was restored, from a backup of `restored_from`. At most one is in force.
    """

    __tablename__ = "holdings"

    id: Mapped[Id]
    began_at: Mapped[datetime]
    notices: Mapped[int]
    failed: Mapped[int]
    restored_from: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    released_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(server_default="")

    released_by: Mapped[User | None] = relationship()

    __table_args__ = (
        Index(
            "holdings_one_in_force",
            text("(released_at IS NULL)"),
            unique=True,
            postgresql_where=text("released_at IS NULL"),
        ),
        CheckConstraint(
            "(released_at IS NULL) = (released_by_id IS NULL) AND (released_at IS NULL) = (reason = '')",
            name="released_by_somebody_with_a_reason",
        ),
        CheckConstraint("failed > 0 OR restored_from IS NOT NULL", name="for_a_cause"),
        CheckConstraint("failed >= 0 AND failed <= notices", name="failed_of_all"),
    )
