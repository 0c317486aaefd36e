"""The review queue is searched by what a reviewer has at hand."""

from datetime import datetime
from urllib.parse import urlencode

import pytest
from sqlalchemy.orm import Session

from cpor_web.claims.drafts import ContactDraft
from cpor_web.database import capped
from cpor_web.models import Claim
from cpor_web.programme import Programme
from tests.reviewers.conftest import FileClaim
from tests.reviewers.pages import names
from tests.support import claims
from tests.support.browser import Browser


def test_the_queue_is_searched_by_reference_customer_partner_tenant_and_mpn_id(
    desk: Browser, claim: Claim, committed: Session, programme: Programme, now: datetime
) -> None:
    tenant = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    other = claims.submitted(committed, programme, now=now, name="Another", customer_name="Wingtip", tenant_id=tenant)
    claim.partner.name, other.partner.name = "Tailspin Toys", "Northwind"
    committed.commit()
    assert claim.mpn_id is not None
    for words in (
        claim.reference,
        claim.reference.replace("-", "").lower(),
        "CONTOSO mail",
        claim.partner.name,
        str(claim.tenant_id),
        claim.mpn_id.number,
    ):
        assert names(desk, f"?{urlencode({'search': words})}") == [claim.name], words
    assert names(desk, "?search=tailspin+northwind") == []
    assert names(desk, "?search=%00+%25+'") == []


def test_what_is_searched_for_is_counted_in_every_tab_and_found_in_any_status(
    desk: Browser, claim: Claim, file_claim: FileClaim, committed: Session, programme: Programme, now: datetime
) -> None:
    file_claim(name="Another", customer_name="Wingtip")
    claims.running(committed, programme, now=now, customer_name="Wingtip Toys")
    committed.commit()

    page = desk.page("/review?search=wingtip")

    tabs = {tab.contents[0].strip(): tab.span.get_text().strip() for tab in page.select(".tabs a")}
    assert (tabs["Waiting for us"], tabs["Approved"], tabs["Rejected"], tabs["All"]) == ("1", "1", "0", "2")
    assert page.find("input", type="search")["value"] == "wingtip"
    assert all("search=wingtip" in tab["href"] for tab in page.select(".tabs a"))
    [more] = [link for link in page.main("a") if link.get_text() == "Look among claims of every status"]
    assert "1 more claim of another status is found." in more.parent.get_text()
    assert len(desk.page(more["href"]).select("tbody tr")) == 2
    empty = desk.page("/review?search=wingtip&status=rejected").select_one(".empty")
    assert len(desk.page(empty.a["href"]).select("tbody tr")) == 2


def test_what_is_found_in_other_statuses_is_told_exactly_however_many_it_is(
    desk: Browser, file_claim: FileClaim, committed: Session, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capped, "ENOUGH", 2)
    claims.running(committed, programme, customer_name="Wingtip Toys")
    for _ in range(3):
        file_claim(customer_name="Wingtip")

    page = desk.page("/review?search=wingtip&status=approved")

    assert "3 more claims of other statuses are found." in page.main.get_text()


def test_the_whole_address_of_a_contact_finds_its_claim(desk: Browser, claim: Claim, file_claim: FileClaim) -> None:
    contact = ContactDraft(name="Hugo Mungo", title="Head", email="hugo.mungo@contoso.example.com")
    file_claim(name="Hugo's", contact=contact)

    assert names(desk, "?search=Hugo.Mungo@contoso.example.com") == ["Hugo's"]
