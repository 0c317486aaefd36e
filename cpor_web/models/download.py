"""The access log of documents: who was given which, and when."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cpor_web.models.base import Base, Id, one_of
from cpor_web.models.user import User
from cpor_web.rules.roles import Role


class Download(Base):
    """One document given to somebody, by the role they had. Rows are only added.

    `document_id` and `sha256` say which: no reference, as a deleted draft's documents go and their log stays.
    """

    __tablename__ = "downloads"

    id: Mapped[Id]
    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id"), index=True)
    document_id: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    at: Mapped[datetime]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    role: Mapped[Role] = mapped_column(one_of(Role, "role_is_known"))

    user: Mapped[User] = relationship()
