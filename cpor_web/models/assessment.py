"""Assessments for incentives: approved does not mean paid, so this is a record of its own."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cpor_web.models.base import Base, Id, one_of
from cpor_web.models.claim import Claim
from cpor_web.models.consent import Round


class AssessmentState(StrEnum):
    """What the assessment says so far."""

    QUEUED = "queued"
    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not-eligible"


class Assessment(Base):
    """One claim's assessment; a claim has at most one. `ended_at` flags an association that ended afterwards."""

    __tablename__ = "assessments"

    id: Mapped[Id]
    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id"), unique=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"))
    state: Mapped[AssessmentState] = mapped_column(one_of(AssessmentState, "state_is_known"))
    reasons: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    queued_at: Mapped[datetime]
    assessed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str] = mapped_column(server_default="")

    claim: Mapped[Claim] = relationship()
    round: Mapped[Round] = relationship()
