"""Customer associations: whose turn it is first, by status, searched, and as a table."""

import csv
import io
from typing import Any
from urllib.parse import parse_qs

import pytest
from bs4 import BeautifulSoup, Tag
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.claims import operations
from cpor_web.claims.drafts import ContactDraft
from cpor_web.lists import own
from cpor_web.models import Mail, MpnId, MpnKind
from cpor_web.rules.statuses import Status
from tests.partners.conftest import TENANT, Desk
from tests.support import claims, factories
from tests.support.browser import Browser
from tests.support.claims import many_of_it


def names(page: BeautifulSoup) -> list[str]:
    table = page.find("table")
    if not isinstance(table, Tag):
        return []
    return [link.get_text() for link in table("a")]


def way_on(page: BeautifulSoup, where: str) -> str:
    link = page.find("a", rel=where)
    assert isinstance(link, Tag)
    return str(link["href"])


def tabs(page: BeautifulSoup) -> dict[str, int]:
    found = page.find("ul", class_="tabs")
    assert isinstance(found, Tag)
    texts = [link.get_text(" ", strip=True).rpartition(" ") for link in found("a")]
    return {label: int(count) for label, _, count in texts}


def test_those_that_wait_for_the_partner_come_first(browser: Browser, desk: Desk) -> None:
    for status in (Status.PARTNER_ACTION_REQUIRED, Status.EDITING, Status.SUBMITTED, Status.APPROVED):
        desk.claim(status, name=status.label)
    shown = names(browser.page("/claims"))
    assert shown[:2] == ["Partner action required", "Editing"]
    assert set(shown[2:]) == {"Submitted", "Approved"}


def test_every_status_has_a_tab_with_its_number(browser: Browser, desk: Desk) -> None:
    for status in (Status.EDITING, Status.EDITING, Status.APPROVED):
        desk.claim(status)
    numbers = {status.label: 0 for status in Status} | {"Editing": 2, "Approved": 1}
    assert tabs(browser.page("/claims")) == {"All": 3, **numbers}
    assert len(names(browser.page("/claims?status=editing"))) == 2


def test_claims_are_found_by_customer_domain_tenant_and_reference(browser: Browser, desk: Desk) -> None:
    contact = ContactDraft(name="Ada", email="ada@adatum.example.org")
    claim = desk.claim(customer_name="Adatum", customer_domain="adatum.example.org", name="Found", contact=contact)
    desk.claim(name="Other", tenant_id="99999999-2222-4333-8444-555555555555")
    for words in ("adatum", "adatum.example", TENANT, claim.reference, claim.reference.lower().replace("-", "")):
        assert names(browser.page(f"/claims?search={words}")) == ["Found"], words
    assert names(browser.page("/claims?search=100%25")) == []


def test_another_partners_claims_are_not_there(browser: Browser, committed: Session, desk: Desk) -> None:
    stranger = factories.user(committed)
    committed.commit()
    desk.claim(user=stranger, name="Secret")
    page = browser.page("/claims")
    assert names(page) == []
    assert tabs(page)["All"] == 0
    assert "Secret" not in browser.get("/claims.csv").text


def test_long_lists_have_pages_that_keep_what_is_chosen(browser: Browser, desk: Desk, monkeypatch: Any) -> None:
    monkeypatch.setattr(own, "PAGE", 2)
    for number in range(5):
        desk.claim(name=f"Claim {number}")
    first = browser.page("/claims?search=claim&sort=newest")
    assert names(first) == ["Claim 4", "Claim 3"]
    assert first.find("a", rel="prev") is None
    second = browser.page(way_on(first, "next"))
    assert names(second) == ["Claim 2", "Claim 1"]
    last = browser.page(way_on(second, "next"))
    assert names(last) == ["Claim 0"]
    assert last.find("a", rel="next") is None
    assert names(browser.page(way_on(last, "prev"))) == ["Claim 2", "Claim 1"]
    assert names(browser.page(way_on(second, "prev"))) == ["Claim 4", "Claim 3"]
    shown = browser.page(way_on(first, "next").replace("sort=newest", "sort=customer"))
    assert names(shown) == ["Claim 0", "Claim 1"], "a cursor of another order leads to the first page"


def test_what_needs_the_partner_stands_on_top_with_the_time_left_in_words_and_exactly(
    browser: Browser, desk: Desk
) -> None:
    claim = desk.claim(Status.PARTNER_ACTION_REQUIRED, name="Asked for more")
    [mail] = desk.session.scalars(select(Mail).where(Mail.kind == "information-requested")).all()
    operations.request_taken(desk.session, mail, now=clock.utcnow(), programme=desk.programme)
    desk.session.commit()
    for status in (Status.EDITING, Status.EDITING, Status.REJECTED, Status.SUBMITTED):
        desk.claim(status)
    section = browser.page("/claims").select_one("section.waiting")
    assert section is not None
    words = " ".join(section.get_text(" ").split())
    assert words.startswith("1 claim needs you Asked for more Contoso The reviewer asks for: Missing or old dates.")
    assert "Provide what is missing" in words
    assert "5 business days left" in words
    assert "23:59:59 C" in words
    links = {link.get_text(): str(link["href"]) for link in section("a")}
    assert links["Asked for more"] == f"/claims/{claim.reference}"
    drafts = browser.page(links["2 drafts to complete and submit"])
    assert len(names(drafts)) == 2
    assert len(names(browser.page(links["1 rejection that you can still dispute"]))) == 1


def test_the_link_to_all_that_needs_the_partner_leads_to_exactly_those(browser: Browser, desk: Desk) -> None:
    for number in range(4):
        desk.claim(Status.PARTNER_ACTION_REQUIRED, name=f"Asked {number}")
    for status in (Status.EDITING, Status.REJECTED, Status.SUBMITTED):
        desk.claim(status, name="Other")
    link = browser.page("/claims").find("a", string="All 4 claims that need you")
    assert isinstance(link, Tag)
    page = browser.page(str(link["href"]))
    assert sorted(names(page)) == [f"Asked {number}" for number in range(4)]
    assert tabs(page)["All"] == 4
    assert names(browser.page("/claims?who=must-act&search=Asked&sort=customer"))[::-1] == names(page)
    assert "Other" not in browser.get("/claims.csv?who=must-act").text


def test_where_nothing_needs_the_partner_that_is_said(browser: Browser, desk: Desk) -> None:
    desk.claim(Status.SUBMITTED)
    section = browser.page("/claims").select_one("section.waiting")
    assert section is not None
    assert " ".join(section.get_text(" ").split()) == "No claim needs you now"


def test_the_list_is_filtered_and_sorted_by_what_the_address_says(
    browser: Browser, committed: Session, desk: Desk
) -> None:
    assert desk.user.partner is not None
    committed.add(MpnId(number="7654321", kind=MpnKind.LOCATION, place="Bergen", partner_id=desk.user.partner_id))
    committed.commit()
    committed.refresh(desk.user.partner)
    desk.claim(Status.APPROVED, name="A", customer_name="Zebra", mpn_id="7654321")
    desk.claim(Status.SUBMITTED, name="B", customer_name="Ärla")
    desk.claim(name="C", customer_name="contoso")
    for query, expected in {
        "who=partner": ["C"],
        "who=reviewer": ["B"],
        "who=customer": [],
        "mpn_id=7654321": ["A"],
        "area=microsoft-365&status=submitted": ["B"],
        "area=business-applications": [],
        "sort=customer": ["C", "A", "B"],
        "sort=newest": ["C", "B", "A"],
        "sort=changed": ["C", "B", "A"],
        "sort=due": ["B", "C", "A"],
    }.items():
        page = browser.page(f"/claims?{query}")
        assert names(page) == expected, query
        rows = csv.DictReader(io.StringIO(browser.get(f"/claims.csv?{query}").text.lstrip("\ufeff")))
        assert [row["Claim name"] for row in rows] == expected, query
        name, _, value = query.partition("&")[0].partition("=")
        chosen = page.select_one(f"select[name={name}] option[selected]")
        assert chosen is not None
        assert chosen["value"] == value


def test_a_number_above_what_is_counted_says_so_to_be_seen_and_to_be_heard(
    browser: Browser, desk: Desk, committed: Session
) -> None:
    desk.claim()
    many_of_it(committed, 250)
    page = browser.page("/claims")
    everything, drafts, submitted = (each.get_text() for each in page.select("ul.tabs .count")[:3])
    assert (everything, drafts, submitted) == ("250+more than 250", "250+more than 250", "0")
    assert [each.get_text() for each in page.select(".tabs [aria-hidden]")] == ["250+", "250+"]
    assert "More than 250 drafts to complete and submit" in page.get_text()


def test_the_export_leads_to_what_is_filtered(browser: Browser, desk: Desk) -> None:
    export = browser.page("/claims?status=editing&who=partner&search=x%26y&sort=newest").find("a", string="Export")
    assert isinstance(export, Tag)
    path, _, query = str(export["href"]).partition("?")
    assert path == "/claims.csv"
    assert parse_qs(query) == {"status": ["editing"], "who": ["partner"], "search": ["x&y"], "sort": ["newest"]}


def test_the_table_has_what_is_filtered_as_text(browser: Browser, desk: Desk) -> None:
    desk.claim(name="=1+1", customer_name="@Contoso")
    desk.claim(Status.SUBMITTED, name="Other")
    answer = browser.get("/claims.csv?status=editing")
    assert answer.headers["Content-Disposition"] == "attachment; filename=claims.csv"
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert [(row["Claim name"], row["Customer name"], row["Status"]) for row in rows] == [
        ("'=1+1", "'@Contoso", "Editing")
    ]
    assert rows[0]["Products"] == "Intune, Teams"


def test_another_sites_link_exports_nothing_but_leads_to_the_list(browser: Browser, desk: Desk) -> None:
    for path in ("/claims.csv", "/claims.xlsx"):
        answer = browser.get(
            f"{path}?status=editing&search=x%26y&_scheme=x", headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert answer.location == "/claims?status=editing&search=x%26y&_scheme=x"


@pytest.mark.parametrize("name", ["status", "search", "who", "area", "mpn_id", "sort", "before", "after", "page"])
@pytest.mark.parametrize(
    "value", ["nonsense", "%00", "%ff", "%F0%9F%99%82", "-1", "9" * 99, "WyJhIl0", "'", "x" * 5000, "nobody"]
)
def test_nonsense_in_the_address_is_not_an_error(browser: Browser, name: str, value: str) -> None:
    assert browser.get(f"/claims?{name}={value}&{name}=").status_code == 200
    assert browser.get(f"/claims.csv?{name}={value}").status_code == 200


def test_what_cannot_be_chosen_is_as_if_it_were_not_there(browser: Browser, desk: Desk) -> None:
    desk.claim(name="There")
    for query in ("status=x", "who=x", "area=x", "mpn_id=1", "sort=x", "after=x", "before=x"):
        assert names(browser.page(f"/claims?{query}")) == ["There"], query


def test_an_association_that_another_claim_would_end_says_so_on_the_list_and_on_its_page(
    browser: Browser, desk: Desk, committed: Session
) -> None:
    mine = desk.claim(Status.APPROVED)
    assert "May end" not in browser.page("/claims").main.get_text()
    rival = claims.under_review(committed, desk.programme, tenant_id=TENANT)
    about: dict[str, Any] = {"actor": rival.reviewer.actor, "now": clock.utcnow(), "programme": desk.programme}
    operations.approve(committed, rival, rationale="The newer order names them.", **about)
    committed.commit()
    box = browser.page("/claims").select_one("section.waiting")
    assert box is not None
    assert "1 association may end" in box.get_text()
    assert box.find("a", href=f"/claims/{mine.reference}")
    for address in ("/claims", f"/claims/{mine.reference}"):
        words = " ".join(browser.page(address).main.get_text(" ", strip=True).split())
        assert "This association ends if the customer does not deny another partner's claim." in words
        assert rival.partner.name not in words
