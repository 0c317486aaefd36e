"""Where the proof is: for each reason to ask and claimed product, what the partner says and the reviewer finds."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cpor_web.models.base import Base, one_of
from cpor_web.models.claim import Claim
from cpor_web.models.document import Document
from cpor_web.rules.reasons import Request


class Verdict(StrEnum):
    """What a reviewer says of one cell."""

    FOUND = "found"
    MISSING = "missing"


class ProofCell(Base):
    """One cell of a claim's grid: a reason of the five, a product.

    `document` and `page` are the partner's. `missing`, `place` and `mend` are the reviewer's words on what is
    missing: what, where, and how to mend it; the partner reads them only in a request or a rejection.
    """

    __tablename__ = "proof_cells"

    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id", ondelete="CASCADE"), primary_key=True)
    reason: Mapped[Request] = mapped_column(one_of(Request, "reason_is_known"), primary_key=True)
    product: Mapped[str] = mapped_column(primary_key=True)
    document_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    page: Mapped[str] = mapped_column(server_default="")
    verdict: Mapped[Verdict | None] = mapped_column(one_of(Verdict, "verdict_is_known"))
    missing: Mapped[str] = mapped_column(server_default="")
    place: Mapped[str] = mapped_column(server_default="")
    mend: Mapped[str] = mapped_column(server_default="")

    claim: Mapped[Claim] = relationship()
    document: Mapped[Document | None] = relationship()

    __table_args__ = (
        CheckConstraint("page = '' OR document_id IS NOT NULL", name="pages_are_of_a_document"),
        CheckConstraint(
            "verdict IS NOT DISTINCT FROM 'missing' OR (missing = '' AND place = '' AND mend = '')",
            name="words_only_of_what_is_missing",
        ),
    )

    @property
    def is_located(self) -> bool:
        """Whether the partner names a document that was not replaced since."""
        return self.document is not None and self.document.replaced_by_id is None

    @property
    def is_unfinished(self) -> bool:
        """Whether something is missing, and it is not said what, where, or how to mend it."""
        return self.verdict is Verdict.MISSING and not (self.missing and self.place and self.mend)
