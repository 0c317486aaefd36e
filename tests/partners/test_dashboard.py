"""Customer associations: whose turn it is first, by status, searched, and as a table."""

import csv
import io
from typing import Any

from bs4 import BeautifulSoup, Tag
from flask import Flask
from sqlalchemy.orm import Session

from cpor_web.claims import queries
from cpor_web.claims.drafts import ContactDraft
from cpor_web.rules.statuses import Status
from tests.partners.conftest import TENANT, Desk
from tests.support import factories
from tests.support.browser import Browser


def names(page: BeautifulSoup) -> list[str]:
    table = page.find("table")
    if not isinstance(table, Tag):
        return []
    return [link.get_text() for link in table("a")]


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
    for words in ("adatum", "adatum.example", TENANT, claim.reference, claim.reference.lower()):
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


def test_long_lists_have_pages(browser: Browser, desk: Desk, monkeypatch: Any) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    for number in range(3):
        desk.claim(name=f"Claim {number}")
    first = browser.page("/claims")
    following = first.find("a", rel="next")
    assert isinstance(following, Tag)
    assert names(first) == ["Claim 2", "Claim 1"]
    last = browser.page(str(following["href"]))
    assert names(last) == ["Claim 0"]
    assert last.find("a", rel="next") is None
    assert last.find("a", rel="prev") is not None


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


def test_nonsense_in_the_address_is_not_an_error(browser: Browser, desk: Desk, app: Flask) -> None:
    desk.claim(name="There")
    for query in ("status=nonsense", "page=-1", "page=x", "search=%00", "page=99999999999999999999"):
        assert browser.get(f"/claims?{query}").status_code == 200, query
