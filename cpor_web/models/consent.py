"""Consent rounds: each approval asks the customer once, through one invitation a contact."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, or_, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cpor_web.models.base import Base, Id, one_of
from cpor_web.models.claim import Claim, CustomerContact
from cpor_web.models.mail import Mail, MailState
from cpor_web.rules.reasons import Denial, Way


class RoundState(StrEnum):
    """What a round is up to. The first three are open; a claim has at most one open round."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPED = "stopped"
    PASSED = "passed"
    DENIED = "denied"
    SILENT = "silent"
    ENDED = "ended"


OPEN_STATES = (RoundState.WAITING, RoundState.RUNNING, RoundState.STOPPED)
_OPEN = "state IN ('waiting', 'running', 'stopped')"


class Round(Base):
    """One asking of the customer.

    Waiting until every notice was taken by the mail server; then running to `ends_at`, the latest of all ends that
    its notices print; closed at `closes_at`, the grace later, unless a reply by a person (`reply_at`) waits for a
    reviewer. Stopped while the right contact is missing, whom the partner names by `contact_due_at`. `ENDED` is a
    round that the partner's request or the lapse of a contact ended, `SILENT` one that needed a yes and got none.
    """

    __tablename__ = "rounds"

    id: Mapped[Id]
    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id"))
    number: Mapped[int]
    state: Mapped[RoundState] = mapped_column(one_of(RoundState, "state_is_known"))
    needs_yes: Mapped[bool] = mapped_column(server_default=text("false"))
    yes_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    end_rule: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    closes_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    contact_due_at: Mapped[datetime | None]
    contact_rule: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    reply_at: Mapped[datetime | None]

    claim: Mapped[Claim] = relationship()
    invitations: Mapped[list["Invitation"]] = relationship(back_populates="round", order_by="Invitation.id")

    __table_args__ = (
        UniqueConstraint("claim_id", "number", name="rounds_numbered_within_a_claim"),
        Index("rounds_one_open_a_claim", "claim_id", unique=True, postgresql_where=text(_OPEN)),
        Index("rounds_to_close", "closes_at", "id", postgresql_where=text("state = 'running' AND reply_at IS NULL")),
        Index(
            "rounds_running",
            "ends_at",
            text("(0 - claim_id)"),
            postgresql_where=text("state = 'running' AND reply_at IS NULL"),
        ),
        Index(
            "rounds_held_up",
            "claim_id",
            postgresql_where=text("state IN ('waiting', 'stopped') OR (state = 'running' AND reply_at IS NOT NULL)"),
        ),
        CheckConstraint(
            "state NOT IN ('running', 'passed') OR (ends_at IS NOT NULL AND closes_at IS NOT NULL)",
            name="runs_towards_an_end",
        ),
        CheckConstraint(f"({_OPEN}) = (closed_at IS NULL)", name="closed_when_no_longer_open"),
    )

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def asked(self) -> list["Invitation"]:
        """The invitations that no other one has taken the place of."""
        return [each for each in self.invitations if each.superseded_at is None]

    @property
    def astray(self) -> list["Invitation"]:
        """Those asked who could not be reached, or said not to be the right person."""
        return [each for each in self.asked if each.bounced_at is not None or each.is_the_wrong_person]

    @property
    def is_astray(self) -> bool:
        return bool(self.astray)

    @property
    def is_in_doubt(self) -> bool:
        """Whether nobody knows if a notice that it waits for was delivered, and no other one is on its way."""
        asked = [each for each in self.asked if each.taken_at is None]
        return self.state is RoundState.WAITING and any(each.is_in_doubt for each in asked)


class Invitation(Base):
    """One contact's part of a round: the identity behind the links in their mail.

    `link_id` is the random half of every link of this invitation; no link can be made from it without the key
    ring. `taken_at` is when the mail server took the notice, `printed_end` the end that the notice says. Whoever said
    not to be the right person may be asked once more, at `asked_again_at`: what they said before counts no longer.
    """

    __tablename__ = "invitations"

    id: Mapped[Id]
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), index=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("customer_contacts.id"))
    link_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    printed_end: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]
    superseded_at: Mapped[datetime | None]
    asked_again_at: Mapped[datetime | None]

    round: Mapped[Round] = relationship(back_populates="invitations")
    contact: Mapped[CustomerContact] = relationship()
    answers: Mapped[list["Answer"]] = relationship(viewonly=True, order_by="Answer.id")
    mails: Mapped[list[Mail]] = relationship(viewonly=True, order_by=Mail.id)

    __table_args__ = (CheckConstraint("octet_length(link_id) = 16", name="link_id_of_16_bytes"),)

    @property
    def is_the_wrong_person(self) -> bool:
        said = (each.at for each in self.answers if each.kind is AnswerKind.NOT_THE_RIGHT_PERSON)
        return any(self.asked_again_at is None or at > self.asked_again_at for at in said)

    @property
    def is_in_doubt(self) -> bool:
        under_way = any(mail.due_at is not None for mail in self.mails)
        return not under_way and any(mail.state is MailState.UNKNOWN for mail in self.mails)


class AnswerKind(StrEnum):
    """What a customer contact can say."""

    DENIED = "denied"
    NO_OBJECTION = "no-objection"
    NOT_THE_RIGHT_PERSON = "not-the-right-person"
    UNDONE = "undone"
    YES_PRESSED = "yes-pressed"
    YES_CONFIRMED = "yes-confirmed"


class Answer(Base):
    """What a contact said, when, and by which way. Rows are only added."""

    __tablename__ = "answers"

    id: Mapped[Id]
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id"), index=True)
    kind: Mapped[AnswerKind] = mapped_column(one_of(AnswerKind, "kind_is_known"))
    at: Mapped[datetime]
    way: Mapped[Way] = mapped_column(one_of(Way, "way_is_known"))
    reason: Mapped[Denial | None] = mapped_column(one_of(Denial, "reason_is_known"))
    words: Mapped[str] = mapped_column(server_default="")
    is_late: Mapped[bool] = mapped_column(server_default=text("false"))

    invitation: Mapped[Invitation] = relationship()

    __table_args__ = (CheckConstraint("(kind = 'denied') = (reason IS NOT NULL)", name="denied_with_a_reason"),)


COUNTS = or_(Invitation.asked_again_at.is_(None), Answer.at > Invitation.asked_again_at)
"""Of an answer beside its invitation: whether it was given since its contact was last asked. Denials always count."""
