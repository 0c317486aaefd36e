"""A partner before its pages, and claims in every status, made by the verbs that make them in earnest."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import clock, proofs
from cpor_web.claims import operations
from cpor_web.claims.drafts import ContactDraft, Draft
from cpor_web.models import Claim, Document, Partner, User
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Rejection, Request
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from tests.support import factories
from tests.support.browser import Browser

TENANT = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def programme(app: Flask) -> Programme:
    found: Programme = app.extensions["programme"]
    return found


@pytest.fixture
def user(committed: Session) -> User:
    """Who files claims."""
    made = factories.user(committed, name="Frida Falk")
    committed.commit()
    return made


@pytest.fixture
def browser(client: Browser, sign_in: Callable[..., Browser], user: User) -> Browser:
    """The browser of who files claims."""
    return sign_in(client, user)


def location_of(partner: Partner) -> str:
    return next(each.number for each in partner.mpn_ids if each.kind == "location")


def draft_of(partner: Partner, **fields: Any) -> Draft:
    complete = Draft(
        name="Teams at Contoso",
        mpn_id=location_of(partner),
        customer_name="Contoso",
        customer_domain="contoso.example.com",
        tenant_id=TENANT,
        area="microsoft-365",
        activity="usage",
        products=("teams", "intune"),
        contact=ContactDraft(name="Carla Conti", title="IT lead", email="carla@contoso.example.com"),
        partner_contact_name="Frida Falk",
        partner_contact_email="frida@fabrikam.example.org",
    )
    return Draft(**{name: fields.get(name, getattr(complete, name)) for name in Draft.__dataclass_fields__})


def form_of(partner: Partner, **fields: Any) -> dict[str, Any]:
    """Return a complete claim as the form sends it, with other values for some fields."""
    flat = draft_of(partner).as_fields()
    return {**flat, "products": list(draft_of(partner).products), **fields}


class Desk:
    """Takes claims to where a test needs them, as partner and reviewer would."""

    def __init__(self, session: Session, app: Flask, user: User) -> None:
        self.session, self.app, self.user = session, app, user
        self.programme: Programme = app.extensions["programme"]
        self.documents = app.extensions["documents"]
        self.reviewer = factories.user(session, Role.REVIEWER, name="Rut Ros")
        session.commit()

    def claim(self, status: Status = Status.EDITING, *, user: User | None = None, **fields: Any) -> Any:
        """Return a claim in `status`, committed."""
        user = user or self.user
        how = {"now": clock.utcnow(), "programme": self.programme}
        by_partner = {**how, "actor": user.actor}
        by_reviewer = {**how, "actor": self.reviewer.actor}
        assert user.partner is not None
        claim = self._do(operations.create, draft_of(user.partner, **fields), **by_partner)
        if status is not Status.EDITING:
            self._do(operations.upload, claim, self.document(), **by_partner)
            self._do(operations.submit, claim, **by_partner)
        if status not in {Status.EDITING, Status.SUBMITTED}:
            self._do(operations.start_review, claim, **by_reviewer)
        if status is Status.PARTNER_ACTION_REQUIRED:
            asks = {Request.DATES: "The year"}
            self._do(operations.request_information, claim, asks=asks, comment="Send the date.", **by_reviewer)
        elif status is Status.APPROVED:
            self._do(operations.approve, claim, **by_reviewer)
        elif status is Status.REJECTED:
            why = Rejection.INSUFFICIENT_PROOF
            self._do(operations.reject, claim, reason=why, comment="No signature.", **by_reviewer)
        return claim

    def _do(self, verb: Callable[..., Any], *what: Any, **how: Any) -> Any:
        done = verb(self.session, *what, **how)
        self.session.commit()
        return done

    def upload(self, claim: Claim) -> None:
        """Add a proof to a claim, as who files claims."""
        how = {"actor": self.user.actor, "now": clock.utcnow(), "programme": self.programme}
        self._do(operations.upload, claim, self.document(), **how)

    def document(self, content: bytes = b"Signed by Carla Conti.", name: str = "proof.txt") -> Document:
        """Return a stored document's row, which belongs to nobody yet."""
        return proofs.receive(self.documents, io.BytesIO(content), filename=name, limit=10_000).as_document()

    def documents_of(self, claim: Claim) -> list[Document]:
        self.session.rollback()
        return list(self.session.scalars(select(Document).where(Document.claim_id == claim.id).order_by(Document.id)))

    def now_of(self, claim: Claim) -> Claim:
        """Return the claim as it is in the database now."""
        self.session.rollback()
        self.session.expire_all()
        self.session.refresh(claim)
        return claim


@pytest.fixture
def desk(committed: Session, app: Flask, user: User) -> Desk:
    return Desk(committed, app, user)
