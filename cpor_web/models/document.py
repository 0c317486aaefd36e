"""Proof of execution: what is known of a document; its bytes are in the document store."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cpor_web.models.base import Base, Id
from cpor_web.models.claim import Claim
from cpor_web.models.user import User


class Document(Base):
    """One uploaded file. Submitted proof is never removed; a newer one can replace it."""

    __tablename__ = "documents"

    id: Mapped[Id]
    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id", ondelete="CASCADE"), index=True)
    sha256: Mapped[str]
    filename: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    uploaded_at: Mapped[datetime]
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id"))

    claim: Mapped[Claim] = relationship()
    uploaded_by: Mapped[User] = relationship()

    __table_args__ = (
        CheckConstraint("replaced_by_id <> id", name="not_replaced_by_itself"),
        CheckConstraint("size > 0", name="not_empty"),
    )
