"""A claim on a reviewer's desk, made by the verbs that make it in earnest, and committed so that pages show it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from cpor_web.claims import operations
from cpor_web.claims.drafts import ContactDraft, Draft
from cpor_web.models import Claim, Document, User
from cpor_web.programme import Programme
from cpor_web.rules.roles import Role
from tests.support import factories
from tests.support.browser import Browser

FileClaim = Callable[..., Claim]

DRAFT = Draft(
    name="Contoso mailboxes",
    customer_name="Contoso",
    customer_domain="contoso.example.com",
    tenant_id="0f8fad5b-d9cb-469f-a165-70867728950e",
    area="microsoft-365",
    activity="usage",
    products=("exchange-online", "teams"),
    contact=ContactDraft(name="Kim Akers", title="IT manager", email="kim@contoso.example.com"),
    partner_contact_name="Pat Coleman",
    partner_contact_email="pat@fabrikam.example.org",
)


@pytest.fixture
def programme(app: Flask) -> Programme:
    return app.extensions["programme"]


@pytest.fixture
def now() -> datetime:
    """The moment at which the test's claims are filed; the pages themselves go by the real clock."""
    return datetime.now(UTC) - timedelta(minutes=5)


@pytest.fixture
def filer(committed: Session) -> User:
    return factories.user(committed, Role.INCENTIVES_ADMIN)


@pytest.fixture
def reviewer(committed: Session) -> User:
    made = factories.user(committed, Role.REVIEWER, name="Robin Counts")
    committed.commit()
    return made


@pytest.fixture
def other_reviewer(committed: Session) -> User:
    made = factories.user(committed, Role.REVIEWER, name="Sam Raymond")
    committed.commit()
    return made


@pytest.fixture
def file_claim(committed: Session, filer: User, programme: Programme, now: datetime) -> FileClaim:
    """Return what files and submits a claim; keyword arguments replace fields of the draft."""

    def file(*, at: datetime = now, submitted: bool = True, **fields: object) -> Claim:
        assert filer.partner is not None
        location = filer.partner.mpn_ids[-1].number
        draft = Draft(**{**{n: getattr(DRAFT, n) for n in Draft.__dataclass_fields__}, "mpn_id": location, **fields})
        about = {"actor": filer.actor, "now": at, "programme": programme}
        claim = operations.create(committed, draft, **about)
        proof = Document(sha256="ab" * 32, filename="proof.pdf", media_type="application/pdf", size=3)
        operations.upload(committed, claim, proof, **about)
        if submitted:
            operations.submit(committed, claim, **about)
        committed.commit()
        return claim

    return file


@pytest.fixture
def claim(file_claim: FileClaim) -> Claim:
    """A submitted claim."""
    return file_claim()


@pytest.fixture
def under_review(claim: Claim, committed: Session, reviewer: User, programme: Programme, now: datetime) -> Claim:
    """A claim that the reviewer holds."""
    operations.start_review(committed, claim, actor=reviewer.actor, now=now, programme=programme)
    committed.commit()
    return claim


@pytest.fixture
def under_review_by_another(
    claim: Claim, committed: Session, other_reviewer: User, programme: Programme, now: datetime
) -> Claim:
    """A claim that another reviewer holds."""
    operations.start_review(committed, claim, actor=other_reviewer.actor, now=now, programme=programme)
    committed.commit()
    return claim


@pytest.fixture
def desk(client: Browser, sign_in: Callable[..., Browser], reviewer: User) -> Browser:
    """The reviewer's browser, signed in."""
    return sign_in(client, reviewer)
