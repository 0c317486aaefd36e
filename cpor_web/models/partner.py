"""Partners and their MPN IDs."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import Text

from cpor_web.models.base import Base, Id, one_of


class MpnKind(StrEnum):
    """A global ID is the headquarters and never paid; a location ID is enrolled and paid."""

    GLOBAL = "global"
    LOCATION = "location"


class Partner(Base):
    """An organisation that claims. `domains` are its own e-mail domains, in lower case."""

    __tablename__ = "partners"

    id: Mapped[Id]
    name: Mapped[str]
    domains: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))

    mpn_ids: Mapped[list["MpnId"]] = relationship(back_populates="partner", order_by="MpnId.number")

    __table_args__ = (Index("partners_one_name", text("lower(name)"), unique=True),)


class MpnId(Base):
    """A partner's number in the operator's network: digits, usually 7."""

    __tablename__ = "mpn_ids"

    id: Mapped[Id]
    partner_id: Mapped[int] = mapped_column(ForeignKey("partners.id"), index=True)
    number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[MpnKind] = mapped_column(one_of(MpnKind, "kind_is_global_or_location"))
    place: Mapped[str] = mapped_column(server_default="")

    partner: Mapped[Partner] = relationship(back_populates="mpn_ids")
