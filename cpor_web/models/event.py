"""History: what happened, when, by whom. Rows are only ever added; the database refuses anything else."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cpor_web.models.base import Base, Id, one_of
from cpor_web.models.claim import Claim
from cpor_web.rules.roles import Role


class Event(Base):
    """One event of one claim. `position` counts within the claim, without gaps.

    `kind` is in the past tense (`claim:approved`, `mail:bounced`); `data` has what the event is about, ready for
    JSON. `version` is the claim's after the event, so that a stale page can be told what came since. `is_internal`
    events are the operator's own and are never shown to a partner.
    """

    __tablename__ = "events"

    id: Mapped[Id]
    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id"))
    position: Mapped[int]
    version: Mapped[int]
    kind: Mapped[str]
    at: Mapped[datetime]
    role: Mapped[Role] = mapped_column(one_of(Role, "role_is_known"))
    actor: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    is_internal: Mapped[bool] = mapped_column(server_default=text("false"))
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))

    claim: Mapped[Claim] = relationship()

    __table_args__ = (UniqueConstraint("claim_id", "position", name="events_one_a_position"),)


class HistoryHead(Base):
    """Where a claim's history stands. Who appends locks this row, so positions have no gaps and no doubles."""

    __tablename__ = "history_heads"

    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id"), primary_key=True)
    position: Mapped[int] = mapped_column(server_default="0")
