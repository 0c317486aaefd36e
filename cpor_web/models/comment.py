"""What partner and reviewer say to each other, and what reviewers say among themselves."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cpor_web.models.base import Base, Id
from cpor_web.models.user import User


class Comment(Base):
    """A comment in a claim's Comments section; both sides read it."""

    __tablename__ = "comments"

    id: Mapped[Id]
    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]
    body: Mapped[str]

    user: Mapped[User] = relationship()


class Note(Base):
    """An internal note: a table of its own, so that no query for a partner can meet one."""

    __tablename__ = "notes"

    id: Mapped[Id]
    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]
    body: Mapped[str]

    user: Mapped[User] = relationship()
