"""What the operator's own assessor is told: an outbox of its own, written with what it tells of."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cpor_web.models.assessment import Assessment
from cpor_web.models.base import Base, Id, one_of


class HandoverKind(StrEnum):
    """What is asked for or corrected."""

    ASSESS = "assess"
    ENDED = "ended"
    RESTORED = "restored"


class HandoverState(StrEnum):
    """Where a hand-over stands."""

    QUEUED = "queued"
    SENDING = "sending"
    DELIVERED = "delivered"
    DEFERRED = "deferred"
    GIVEN_UP = "given-up"


class Handover(Base):
    """One message about one assessment, numbered within it: they are delivered in that order.

    `key` stays the same however often it is sent, so that the receiver takes it once. `body` is what was true when
    it was written.
    """

    __tablename__ = "handovers"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessments.id"))
    sequence: Mapped[int]
    kind: Mapped[HandoverKind] = mapped_column(one_of(HandoverKind, "kind_is_known"))
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)

    state: Mapped[HandoverState] = mapped_column(one_of(HandoverState, "state_is_known"))
    queued_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    first_tried_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(server_default="")

    assessment: Mapped[Assessment] = relationship()

    __table_args__ = (
        UniqueConstraint("assessment_id", "sequence", name="handovers_numbered_within_an_assessment"),
        Index("handovers_due", "due_at", "id", postgresql_where=text("due_at IS NOT NULL")),
        Index("handovers_asking_once", "assessment_id", unique=True, postgresql_where=text("kind = 'assess'")),
        CheckConstraint(
            "(due_at IS NOT NULL) = (state IN ('queued', 'deferred', 'sending'))", name="due_while_it_is_to_be_sent"
        ),
        CheckConstraint("(state = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_with_a_moment"),
        CheckConstraint("state <> 'sending' OR leased_until IS NOT NULL", name="leased_while_sending"),
        CheckConstraint("leased_until IS NULL OR due_at IS NOT NULL", name="leased_only_while_due"),
    )
