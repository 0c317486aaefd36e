"""History: what happened, when, by whom. Rows are only ever added; the database refuses anything else, but for the
erasure of personal values by `history.erase`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cpor_web.models.base import ERASED, Base, Id, one_of
from cpor_web.models.claim import Claim
from cpor_web.rules.roles import Role


class Event(Base):
    """One event of one claim. `position` counts within the claim, without gaps.

    `kind` is in the past tense (`claim:approved`, `mail:bounced`); `data` has what the event is about, ready for
    JSON. `version` is the claim's after the event, so that a stale page can be told what came since. `is_internal`
    events are the operator's own and are never shown to a partner. `said` is the salted digest of what is personal
    (`actor`, `user_id`, `data`), `link` chains the event to the one before; see `cpor_web.history.chain`.
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
    salt: Mapped[bytes | None]
    said: Mapped[bytes]
    link: Mapped[bytes]

    claim: Mapped[Claim] = relationship()

    __table_args__ = (
        UniqueConstraint("claim_id", "position", name="events_one_a_position"),
        # A few bytes for each megabyte: costs the clicks nothing, and finds the events of a day.
        Index("events_by_day", "at", postgresql_using="brin", postgresql_with={"autosummarize": "true"}),
        CheckConstraint(
            "octet_length(salt) = 16 AND octet_length(said) = 32 AND octet_length(link) = 32",
            name="digests_are_whole",
        ),
        CheckConstraint(
            f"salt IS NOT NULL OR (actor = '{ERASED}' AND user_id IS NULL AND data = '{{}}')",
            name="nothing_left_once_erased",
        ),
    )

    @property
    def is_erased(self) -> bool:
        """Whether its personal values were erased."""
        return self.salt is None


class HistoryHead(Base):
    """Where a claim's history stands. Who appends locks this row, so positions have no gaps and no doubles.

    `link` is that of the newest event: the next one is chained to it, never to what the table of events says.
    """

    __tablename__ = "history_heads"

    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id"), primary_key=True)
    position: Mapped[int] = mapped_column(server_default="0")
    link: Mapped[bytes]

    __table_args__ = (CheckConstraint("octet_length(link) = 32", name="link_is_whole"),)
