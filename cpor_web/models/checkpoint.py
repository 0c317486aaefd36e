"""Checkpoints: where the claims' histories stood at a moment, signed. Rows are only ever added."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cpor_web.models.base import Base


class Checkpoint(Base):
    """Every history that had moved since the checkpoint before: `heads` has [claim id, position, link in hex] each.

    `number` counts from 1 without gaps. `previous` is the digest of the checkpoint before, so that none can be taken
    out. `signature` is what `signing.SigningKeys.sign` made of the document that `checkpoints.document_of` returns.
    """

    __tablename__ = "checkpoints"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    previous: Mapped[bytes]
    heads: Mapped[list[list[Any]]] = mapped_column(JSONB)
    signature: Mapped[dict[str, str]] = mapped_column(JSONB)

    __table_args__ = (
        CheckConstraint("number > 0", name="counted_from_one"),
        CheckConstraint("octet_length(previous) = 32", name="previous_is_whole"),
    )


class Seal(Base):
    """How far checkpoints have covered a claim's history. A row of its own: nobody who appends waits for it."""

    __tablename__ = "seals"

    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id"), primary_key=True)
    position: Mapped[int]
