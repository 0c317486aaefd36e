"""The outbox: every mail that was ever to be sent, written with what it tells of."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from cpor_web.models.base import Base, Id, one_of


class MailState(StrEnum):
    """Where a mail stands. `UNKNOWN`: the server's answer was lost after the mail was handed over."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    BOUNCED = "bounced"


FAILED = (MailState.REFUSED, MailState.UNKNOWN, MailState.BOUNCED)
"""The ends of a mail that surely, or perhaps, did not get through."""

FAILED_UNATTENDED = "state IN ('refused', 'unknown', 'bounced') AND message_id IS NOT NULL AND dealt_with_at IS NULL"


class Mail(Base):
    """One mail to one address. `context` holds the facts that its template needs, never a working link.

    A worker leases a mail before it works on it; `SENDING` is committed just before the mail is handed over, so
    that after a kill only that one is in doubt. One that is `SENDING` and has a `sent_at` was taken by the mail
    server: what follows from that is still to be written. `message_id`, `dated_at` and `boundary` are fixed then: the
    one repeat of a mail in doubt (`repeats`) is identical byte for byte. A mail that was surely not taken is made
    anew. `key_id` names the key that signed its links and its return address. `answer` is what the mail server
    said, `bounce` what a later report said; `ended_at` is when it was no longer to be sent. One that failed is a
    person's task until it is dealt with. `erased_at` is when address, name, context and servers' words went.
    """

    __tablename__ = "mails"

    id: Mapped[Id]
    kind: Mapped[str]
    claim_id: Mapped[int | None] = mapped_column(ForeignKey("claims.id", ondelete="SET NULL"), index=True)
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitations.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    to_address: Mapped[str]
    to_name: Mapped[str] = mapped_column(server_default="")
    language: Mapped[str]
    context: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    again_of_id: Mapped[int | None] = mapped_column(ForeignKey("mails.id"))

    state: Mapped[MailState] = mapped_column(one_of(MailState, "state_is_known"))
    queued_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    repeats: Mapped[int] = mapped_column(server_default="0")
    first_tried_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    message_id: Mapped[str | None] = mapped_column(unique=True)
    dated_at: Mapped[datetime | None]
    boundary: Mapped[str | None]
    key_id: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(server_default="")
    bounced_at: Mapped[datetime | None]
    bounce: Mapped[str] = mapped_column(server_default="")
    ended_at: Mapped[datetime | None]
    dealt_with_at: Mapped[datetime | None]
    dealt_with_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    erased_at: Mapped[datetime | None]

    __table_args__ = (
        Index("mails_due", "due_at", "id", postgresql_where=text("due_at IS NOT NULL")),
        Index("mails_by_last_news", text("coalesce(bounced_at, ended_at)")),
        Index(
            "mails_failed",
            text("coalesce(bounced_at, ended_at)"),
            postgresql_where=text("state IN ('refused', 'unknown', 'bounced')"),
        ),
        Index("mails_for_a_person", "id", postgresql_where=text(FAILED_UNATTENDED)),
        CheckConstraint(
            "(due_at IS NOT NULL) = (state IN ('queued', 'deferred', 'sending'))", name="due_while_it_is_to_be_sent"
        ),
        CheckConstraint("(state = 'sent') <= (sent_at IS NOT NULL)", name="sent_with_a_moment"),
        CheckConstraint("(state = 'bounced') = (bounced_at IS NOT NULL)", name="bounced_with_a_moment"),
        CheckConstraint("state <> 'sending' OR leased_until IS NOT NULL", name="leased_while_sending"),
        CheckConstraint("leased_until IS NULL OR due_at IS NOT NULL", name="leased_only_while_due"),
        CheckConstraint("(dealt_with_at IS NULL) = (dealt_with_by_id IS NULL)", name="dealt_with_by_somebody"),
    )

    @property
    def is_internal(self) -> bool:
        """Whether it is the operator's own, as events are: no partner sees it, nor what became of it."""
        return "for_reviewer" in self.context

    @classmethod
    def internal(cls) -> ColumnElement[bool]:
        """Return the same as a condition of the mail in the statement."""
        found: ColumnElement[bool] = cls.context.has_key("for_reviewer")
        return found

    @property
    def needs_a_person(self) -> bool:
        """Whether it failed, was not called back, and nobody has dealt with it."""
        return self.state in FAILED and self.message_id is not None and self.dealt_with_at is None

    def deal_with(self, user_id: int | None, now: datetime) -> bool:
        """Note who has dealt with it if it failed, unless somebody has; tell whether it was this one."""
        if self.state not in FAILED or self.dealt_with_at is not None:
            return False
        self.dealt_with_at, self.dealt_with_by_id = now, user_id
        return True


class Breaker(Base):
    """Why and until when a way out is paused: trouble of the transport, which no single mail is to blame for.

    `since` is when the first of these failures in a row was met.
    """

    __tablename__ = "breakers"

    name: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    since: Mapped[datetime] = mapped_column(server_default=func.now())
    open_until: Mapped[datetime]
    why: Mapped[str]
