"""One association in another's place: which, decided by whom, and why."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cpor_web.models.base import Base, Id
from cpor_web.models.claim import Claim
from cpor_web.models.user import User


class Replacement(Base):
    """A claim that a reviewer approved over another partner's association.

    `rationale` is the reviewer's; both partners read it. The replaced association ends at `ended_at`, when the
    consent period of the claim that replaces it has passed; where that claim is denied before, it never does.
    """

    __tablename__ = "replacements"

    id: Mapped[Id]
    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id"), index=True)
    replaced_id: Mapped[int] = mapped_column(ForeignKey("claims.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]
    rationale: Mapped[str]
    ended_at: Mapped[datetime | None]

    claim: Mapped[Claim] = relationship(foreign_keys=[claim_id])
    replaced: Mapped[Claim] = relationship(foreign_keys=[replaced_id])
    user: Mapped[User] = relationship()

    __table_args__ = (
        Index(
            "replacements_one_waits_a_pair",
            "claim_id",
            "replaced_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        CheckConstraint("replaced_id <> claim_id", name="replaces_another"),
    )
