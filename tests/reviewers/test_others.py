"""What else is claimed for the tenant and by the partner, beside the claim that is decided on."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from bs4 import Tag
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import operations, related
from cpor_web.consent import answers, rivals
from cpor_web.models import Claim, Document, User
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Way
from tests.reviewers.conftest import FileClaim
from tests.support import claims
from tests.support.browser import Browser
from tests.support.claims import NOW

HERE = "0f8fad5b-d9cb-469f-a165-70867728950e"
ELSEWHERE = "11111111-2222-3333-4444-555555555555"


def others(desk: Browser, claim: Claim) -> list[Tag]:
    return desk.page(f"/review/{claim.reference}").find(id="others").find_parent("section").select("tbody tr")


@pytest.fixture
def rival(committed: Session, programme: Programme, now: datetime, claim: Claim) -> Claim:
    """Another partner's association for the same tenant and one of the products."""
    shared = {"tenant_id": str(claim.tenant_id), "products": ("teams",)}
    made = claims.approved(committed, programme, now=now, name="Theirs", **shared)
    committed.commit()
    return made


def test_the_page_shows_what_others_claim_for_the_tenant_with_dates(
    desk: Browser, claim: Claim, rival: Claim
) -> None:
    (row,) = others(desk, claim)

    words = row.get_text(" ")
    for each in (rival.name, rival.reference, rival.partner.name, "Teams", "Approved", "Competes"):
        assert each in words
    assert len(row("time")) == 3, "since when, when submitted, when proved"


def test_the_page_shows_the_partners_other_claims(desk: Browser, claim: Claim, file_claim: FileClaim) -> None:
    file_claim(name="For somebody else", tenant_id=ELSEWHERE)
    file_claim(name="A draft", submitted=False)

    assert [row.a.get_text() for row in others(desk, claim)] == ["For somebody else"]


def test_a_claim_with_a_rival_says_so_in_the_queue(
    desk: Browser, claim: Claim, rival: Claim, file_claim: FileClaim
) -> None:
    file_claim(name="Alone", tenant_id=ELSEWHERE)

    rows = {row.a.get_text(): row.get_text() for row in desk.page("/review").select("tbody tr")}

    assert {name: "Competing" in words for name, words in rows.items()} == {claim.name: True, "Alone": False}


def contested(session: Session) -> set[int]:
    return set(session.scalars(select(Claim.id).where(related.is_contested())))


SAME: dict[str, Any] = {}
SUBSCRIPTION = {"subscription_id": ELSEWHERE}


@pytest.mark.parametrize(
    ("mine", "theirs", "competes"),
    [
        (SAME, SAME, True),
        (SAME, {"products": ("teams", "sharepoint-online")}, True),
        (SAME, {"products": ("sharepoint-online",)}, False),
        (SAME, {"tenant_id": ELSEWHERE}, False),
        (SUBSCRIPTION, {"tenant_id": ELSEWHERE, **SUBSCRIPTION}, True),
        (SUBSCRIPTION, {"products": ("sharepoint-online",), **SUBSCRIPTION}, True),
        (SUBSCRIPTION, {"products": ("sharepoint-online",)}, False),
    ],
)
def test_claims_compete_for_a_product_of_a_tenant_or_for_a_subscription(
    db_session: Session, programme: Programme, mine: dict[str, Any], theirs: dict[str, Any], competes: bool
) -> None:
    claim = claims.submitted(db_session, programme, **({"tenant_id": HERE} | mine))
    other = claims.submitted(db_session, programme, **({"tenant_id": HERE} | theirs))

    assert list(rivals.competing(db_session, claim)) == [other] * competes
    assert list(rivals.competing(db_session, other)) == [claim] * competes
    assert contested(db_session) == ({claim.id, other.id} if competes else set())


def test_neither_drafts_nor_the_rejected_nor_the_partners_own_compete(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.submitted(db_session, programme, tenant_id=HERE)
    claims.editing(db_session, programme, tenant_id=HERE)
    claims.rejected(db_session, programme, tenant_id=HERE)
    claims.submitted(db_session, programme, tenant_id=HERE, filer=claim.filed_by)

    assert rivals.competing(db_session, claim) == []
    assert claim.id not in contested(db_session)


def test_the_newest_proof_is_none_that_was_replaced(db_session: Session, programme: Programme) -> None:
    claim = claims.editing(db_session, programme)
    about = {"actor": claim.filed_by.actor, "programme": programme}
    first = Document(sha256="1" * 64, filename="new.pdf", media_type="application/pdf", size=1)
    operations.upload(db_session, claim, first, now=NOW + timedelta(hours=2), **about)

    assert related.newest_proof(db_session, [claim]) == {claim.id: NOW + timedelta(hours=2)}
    second = Document(sha256="2" * 64, filename="newer.pdf", media_type="application/pdf", size=1)
    operations.upload(db_session, claim, second, now=NOW + timedelta(hours=1), replaces=first.id, **about)
    assert related.newest_proof(db_session, [claim]) == {claim.id: NOW + timedelta(hours=1)}


def test_what_this_customer_denied_this_partner_stands_with_the_status(
    desk: Browser, claim: Claim, filer: User, committed: Session, programme: Programme, now: datetime
) -> None:
    assert "This customer denied" not in desk.page(f"/review/{claim.reference}").get_text()
    about: dict[str, Any] = {"filer": filer, "tenant_id": str(claim.tenant_id), "now": now}
    denied = claims.running(committed, programme, products=("teams", "intune"), name="Denied", **about)
    undone = claims.running(committed, programme, products=("teams",), name="Undone", **about)
    other = claims.running(committed, programme, products=("intune",), name="Other product", **about)
    for each in (denied, undone, other):
        (asked,) = claims.invitations_of(committed, each)
        words = "Another house looks after it."
        answers.deny(committed, asked, reason=Denial.OTHER, words=words, way=Way.PAGE, now=now, programme=programme)
        if each is undone:
            answers.undo(committed, asked, now=now, programme=programme)
    committed.commit()

    page = desk.page(f"/review/{claim.reference}")
    status = page.find(id="state").find_parent("section")

    (said,) = status.select(".notice li")
    words = " ".join(said.get_text(" ").split())
    for each in (denied.reference, "Intune, Teams", "Other", "Another house looks after it."):
        assert each in words
    assert said.time, "when"
    rows = {
        row.a.get_text(): row.get_text(" ") for row in page.find(id="others").find_parent("section").select("tr")[1:]
    }
    assert "Customer decline" in rows["Denied"]
    assert "Customer decline" not in rows["Undone"]
