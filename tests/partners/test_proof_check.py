"""The partner's check of the proof, on its page and on the claim's."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from cpor_web.models import Claim, Document, Event, ProofCell, User
from cpor_web.programme import Programme
from cpor_web.rules.statuses import Status
from tests.support import claims
from tests.support.browser import Browser

CELL = "missing-products-teams"


@pytest.fixture
def draft(committed: Session, programme: Programme, user: User) -> Claim:
    made = claims.editing(committed, programme, filer=user)
    committed.commit()
    return made


def document_id(session: Session, claim: Claim) -> int:
    return session.scalars(select(Document.id).where(Document.claim_id == claim.id)).one()


def send(browser: Browser, claim: Claim, **said: Any) -> TestResponse:
    """Press Save on the page; `said` has values by the part of the cell Products × Teams."""
    form = browser.page(f"/claims/{claim.reference}/proof-check").main.form
    data = {field["name"]: field["value"] for field in form("input", type="hidden")}
    return browser.post(form["action"], data=data | {f"{CELL}-{part}": value for part, value in said.items()})


def said_of_gaps(browser: Browser, claim: Claim) -> str:
    return browser.page(f"/claims/{claim.reference}").find(id="check").get_text(" ", strip=True)


def test_gaps_are_warned_of_and_do_not_hinder(browser: Browser, draft: Claim, committed: Session) -> None:
    assert "You have not said where 10 of them are." in said_of_gaps(browser, draft)
    assert send(browser, draft, document=document_id(committed, draft), page="2").status_code == 302
    assert "where 9 of them are" in said_of_gaps(browser, draft)
    form = browser.page(f"/claims/{draft.reference}").find("button", string="Submit for approval").find_parent("form")
    data: dict[str, list[str]] = {}
    for field in form("input"):
        data.setdefault(field["name"], []).append(field["value"])
    assert browser.post(form["action"], data=data).status_code == 302
    committed.refresh(draft)
    assert draft.status is Status.SUBMITTED


def test_every_field_has_a_label_that_tells_it_from_the_others(browser: Browser, draft: Claim) -> None:
    page = browser.page(f"/claims/{draft.reference}/proof-check")
    labels = [label.get_text() for label in page.main("label")]
    assert len(labels) == 20
    assert len(set(labels)) == 20


def test_what_is_wrong_is_told_at_its_cell_and_nothing_typed_is_lost(
    browser: Browser, draft: Claim, committed: Session
) -> None:
    answer = send(browser, draft, page="17")
    assert answer.status_code == 422
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.find("input", attrs={"name": f"{CELL}-page"})["value"] == "17"
    assert page.find(id=f"{CELL}-error").get_text().endswith("Choose the document that this page is of.")
    (link,) = page.find(class_="error-summary")("a")
    assert page.find(id=link["href"][1:]) is not None
    assert committed.scalar(select(func.count()).select_from(ProofCell)) == 0


@pytest.mark.parametrize("document", ["0", "-1", "x", "9" * 30, "\x00"])
def test_no_document_of_another_claim_can_be_named(
    browser: Browser, draft: Claim, committed: Session, document: str
) -> None:
    assert send(browser, draft, document=document).status_code in {302, 422}
    assert committed.scalar(select(func.count()).where(ProofCell.document_id.is_not(None))) == 0


def test_a_claim_that_is_under_review_has_no_check_to_fill_in(
    browser: Browser, committed: Session, programme: Programme, user: User
) -> None:
    claim = claims.under_review(committed, programme, filer=user)
    committed.commit()
    answer = browser.get(f"/claims/{claim.reference}/proof-check")
    assert answer.status_code == 409
    assert "Nothing can be edited while a claim is “Under review”." in answer.text
    assert committed.scalar(select(func.count()).where(Event.kind == "proof:located")) == 0
