"""What the weeks were like, counted once a day from the history, so that no page has to count a million claims."""

from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from cpor_web.models.base import Base, one_of


class Measure(StrEnum):
    """What is counted, and what `value` tells it apart by."""

    WAITING = "waiting"  # as the week's last counted day ended
    OVERDUE = "overdue"  # of those that waited
    DECIDED = "decided"  # by the business days that a reviewer's decision took
    ASKED = "asked"
    REJECTED = "rejected"  # by the reason, empty where that was erased before it was counted
    DENIED = "denied"
    UNDELIVERED = "undelivered"  # bounced, refused


class WeeklyFigure(Base):
    """How often something happened in one week, to the claims of one partner in one area. `week` is its Monday."""

    __tablename__ = "weekly_figures"

    week: Mapped[date] = mapped_column(primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partners.id"), primary_key=True)
    area: Mapped[str] = mapped_column(primary_key=True)
    measure: Mapped[Measure] = mapped_column(one_of(Measure, "measure_is_known"), primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]

    __table_args__ = (
        Index("weekly_figures_of_a_partner", "partner_id", "week"),
        CheckConstraint("extract(isodow FROM week) = 1", name="weeks_begin_on_monday"),
        CheckConstraint("number > 0", name="nothing_is_no_row"),
    )
