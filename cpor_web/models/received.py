"""Mail that came back to us: reports about ours (RFC 3464), and people's replies."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cpor_web.models.base import Base, Id, one_of
from cpor_web.models.mail import Mail


class ReceivedKind(StrEnum):
    """What a received mail is. Only the first and `REPLY` have consequences; the rest is kept and decides nothing."""

    HARD_BOUNCE = "hard-bounce"
    SOFT_BOUNCE = "soft-bounce"
    REPLY = "reply"
    AUTOMATIC = "automatic"
    UNRELATED = "unrelated"


class ReceivedMail(Base):
    """One mail as it came in. `digest` is of its bytes: the same one delivered twice is one row.

    `mail_id` is the mail of ours that it is about, found by a signed address or by a Message-ID of ours. `status`
    and `diagnostic` are a report's own words, `words` what a person replied, and `sender` from which address, as they
    say. `settled_at` is when its consequences were drawn. `raw`, `words` and `sender` go when their retention ends
    (`erased_at`); the rest stays.
    """

    __tablename__ = "received_mails"

    id: Mapped[Id]
    received_at: Mapped[datetime]
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    kind: Mapped[ReceivedKind] = mapped_column(one_of(ReceivedKind, "kind_is_known"))
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("mails.id"), index=True)
    status: Mapped[str] = mapped_column(server_default="")
    diagnostic: Mapped[str] = mapped_column(server_default="")
    sender: Mapped[str] = mapped_column(server_default="")
    words: Mapped[str] = mapped_column(server_default="")
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)
    settled_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]

    mail: Mapped[Mail | None] = relationship()

    __table_args__ = (
        Index("received_mails_to_settle", "id", postgresql_where=text("settled_at IS NULL")),
        CheckConstraint("(raw IS NULL) = (erased_at IS NOT NULL)", name="raw_until_erased"),
        CheckConstraint("octet_length(digest) = 32", name="digest_of_32_bytes"),
        CheckConstraint(
            "kind NOT IN ('hard-bounce', 'soft-bounce') OR mail_id IS NOT NULL", name="bounces_are_about_a_mail"
        ),
    )
