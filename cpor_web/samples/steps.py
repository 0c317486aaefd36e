"""What can happen in the sample's stories: the product's own verbs, at a moment of the past."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import assessment, facts
from cpor_web.claims import contacts, lapsing, operations
from cpor_web.claims.drafts import ContactDraft, Draft
from cpor_web.consent import rounds
from cpor_web.models import Assessment, Claim, Document, Invitation, Round, User
from cpor_web.programme import Programme
from cpor_web.proofs import DocumentStore
from cpor_web.rules.roles import Actor
from cpor_web.samples.moments import When
from cpor_web.samples.proof import pdf


@dataclass(frozen=True)
class Stage:
    """Where stories are told."""

    session: Session
    programme: Programme
    documents: DocumentStore
    users: dict[str, User]


@dataclass
class Telling:
    """A story that is being told: its claim, once it is there."""

    stage: Stage
    draft: Draft
    _claim: Claim | None = field(default=None)

    @property
    def claim(self) -> Claim:
        assert self._claim is not None, "a story begins with its draft"
        return self._claim

    @claim.setter
    def claim(self, claim: Claim) -> None:
        self._claim = claim

    @property
    def round(self) -> Round:
        """The consent round that is being held or was held last."""
        round_ = facts.latest_round(self.stage.session, self.claim)
        assert round_ is not None, "nobody was asked"
        return round_

    @property
    def asked(self) -> Invitation:
        """The first contact's part in it."""
        return self.round.invitations[0]


Do = Callable[[Telling, Actor, datetime], Any]


@dataclass(frozen=True)
class Step:
    """At a moment somebody does something; `who` is an address of the sample's people, None what just happens."""

    when: When
    who: str | None
    does: Do


def verb(operation: Callable[..., Any], *given: Any, **more: Any) -> Do:
    """Return the step of doing one of the claim's operations."""

    def step(telling: Telling, actor: Actor, now: datetime) -> None:
        how = {"actor": actor, "now": now, "programme": telling.stage.programme}
        operation(telling.stage.session, telling.claim, *given, **how, **more)

    return step


def answer(operation: Callable[..., Any], **more: Any) -> Do:
    """Return the step of the customer's answering through the link."""

    def step(telling: Telling, _actor: Actor, now: datetime) -> None:
        operation(telling.stage.session, telling.asked, now=now, programme=telling.stage.programme, **more)

    return step


def creates(telling: Telling, actor: Actor, now: datetime) -> None:
    """Begin the story."""
    stage = telling.stage
    telling.claim = operations.create(stage.session, telling.draft, actor=actor, now=now, programme=stage.programme)


def uploads(title: str, *, instead: bool = False) -> Do:
    """Return the step of uploading a document of this title; `instead` of the newest there is."""

    def step(telling: Telling, actor: Actor, now: datetime) -> None:
        stage, claim = telling.stage, telling.claim
        name = f"{title} {claim.customer_name or claim.name}.pdf"
        content = io.BytesIO(pdf(_page(title, telling, now)))
        # It is our own, so it is not examined.
        stored = stage.documents.store(content, filename=name, media_type="application/pdf", pages=lambda: 1)
        newest = select(Document.id).where(Document.claim_id == claim.id).order_by(Document.id.desc()).limit(1)
        replaces = stage.session.scalar(newest) if instead else None
        verb(operations.upload, stored.as_document(), replaces=replaces)(telling, actor, now)

    return step


def notes(body: str) -> Do:
    """Return the step of writing an internal note."""
    return lambda telling, actor, now: operations.note(
        telling.stage.session, telling.claim, body, actor=actor, now=now
    )


def proposes(contact: ContactDraft) -> Do:
    """Return the step of proposing another contact instead of the first."""

    def step(telling: Telling, actor: Actor, now: datetime) -> None:
        old = telling.claim.contacts[0].id
        verb(contacts.propose_contact, contact, instead_of=old)(telling, actor, now)

    return step


def notes_a_reply(telling: Telling, actor: Actor, now: datetime) -> None:
    """Hold the closing, because the customer has replied."""
    contacts.note_reply(telling.stage.session, telling.claim, actor=actor, now=now)


def window_closes(telling: Telling, _actor: Actor, now: datetime) -> None:
    """Close the consent window if it is over, and assess the association."""
    session, programme = telling.stage.session, telling.stage.programme
    rounds.close(session, telling.round.id, now=now, programme=programme)
    record = session.scalar(select(Assessment.id).where(Assessment.claim_id == telling.claim.id))
    if record is not None:
        assessment.assess(session, record, now=now, programme=programme)


def deadline_passes(telling: Telling, _actor: Actor, now: datetime) -> None:
    """Reject the claim if its partner let the deadline pass."""
    lapsing.lapse(telling.stage.session, telling.claim.id, now=now, programme=telling.stage.programme)


def _page(title: str, telling: Telling, now: datetime) -> tuple[str, ...]:
    claim, names = telling.claim, telling.stage.programme.catalogue
    contact = claim.contacts[0].name if claim.contacts else ""
    return (
        title,
        f"{claim.customer_name or ''}, {now:%d %B %Y}",
        "",
        f"Partner: {claim.partner.name}",
        f"Service: {names.activity_name(claim.activity)}",
        *(f"Product: {names.product_name(key)}" for key in claim.product_keys),
        "",
        f"Signed for the customer: {contact}",
        "",
        "Sample document: every name in it is invented.",
    )
