"""The access log of customers' pages: evidence of when they were opened, and never a reason for anything."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from cpor_web.models.base import Base, Id, one_of


class Client(StrEnum):
    """What a request looked like, by what it said of itself. A guess, and stored as one."""

    BROWSER = "browser"
    MAIL_CLIENT = "mail-client"
    SCANNER = "scanner"
    SCRIPT = "script"
    UNKNOWN = "unknown"


class Opening(Base):
    """One request on a customer's link, by any method. Rows are only added.

    `page` is the letter of the link's purpose in its address. `agent` is what the client called itself, cut short;
    no address of the network is kept.
    """

    __tablename__ = "openings"

    id: Mapped[Id]
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id"), index=True)
    at: Mapped[datetime]
    page: Mapped[str]
    method: Mapped[str]
    client: Mapped[Client] = mapped_column(one_of(Client, "client_is_known"))
    agent: Mapped[str] = mapped_column(server_default="")
