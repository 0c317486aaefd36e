"""Proof of execution: what is known of a document; its bytes are in the document store."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cpor_web.models.base import Base, Id, one_of
from cpor_web.models.claim import Claim
from cpor_web.models.user import User


class Scan(StrEnum):
    """What the scanner for malware has said of a document."""

    WAITING = "waiting"
    CLEAN = "clean"
    INFECTED = "infected"


class Document(Base):
    """One uploaded file. Submitted proof is never removed; a newer one can replace it.

    `pages` are counted for PDF and pictures; None for other kinds, and for what was uploaded before they were.
    `scanned_at` is when the scanner answered, and `scan_words` what it found or why it could not scan;
    `scan_tried_at` is when the last attempt that has not been answered began.
    """

    __tablename__ = "documents"

    id: Mapped[Id]
    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id", ondelete="CASCADE"), index=True)
    sha256: Mapped[str] = mapped_column(index=True)
    filename: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    pages: Mapped[int | None]
    uploaded_at: Mapped[datetime]
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id"))
    scan: Mapped[Scan] = mapped_column(one_of(Scan, "scan_is_known"), server_default=Scan.WAITING.value)
    scan_words: Mapped[str] = mapped_column(server_default="")
    scanned_at: Mapped[datetime | None]
    scan_tried_at: Mapped[datetime | None]

    claim: Mapped[Claim] = relationship()
    uploaded_by: Mapped[User] = relationship()

    __table_args__ = (
        CheckConstraint("replaced_by_id <> id", name="not_replaced_by_itself"),
        CheckConstraint("size > 0", name="not_empty"),
        CheckConstraint("(scan = 'waiting') = (scanned_at IS NULL)", name="scanned_with_a_moment"),
        Index("documents_to_scan", "id", postgresql_where=text("scan = 'waiting'")),
    )
