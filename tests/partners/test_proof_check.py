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


def add_another(session: Session, claim: Claim) -> None:
    first = session.scalars(select(Document).where(Document.claim_id == claim.id)).one()
    about = {"sha256": "1" * 64, "media_type": first.media_type, "size": 512, "uploaded_at": first.uploaded_at}
    session.add(Document(claim_id=claim.id, filename="second.pdf", uploaded_by_id=first.uploaded_by_id, **about))
    session.commit()


def send(browser: Browser, claim: Claim, **said: Any) -> TestResponse:
    """Press Save on the page; `said` has values by the part of the cell Products × Teams."""
    form = browser.page(f"/claims/{claim.reference}/proof-check").main.form
    data = {field["name"]: field["value"] for field in form("input", type="hidden")}
    return browser.post(form["action"], data=data | {f"{CELL}-{part}": value for part, value in said.items()})


def said_of_gaps(browser: Browser, claim: Claim) -> str:
    return browser.page(f"/claims/{claim.reference}").find(id="check").get_text(" ", strip=True)


def test_gaps_are_warned_of_and_do_not_hinder(browser: Browser, draft: Claim, committed: Session) -> None:
    assert "You have not said where 10 of them are." in said_of_gaps(browser, draft)
    answer = send(browser, draft, document=document_id(committed, draft), page="2")
    assert answer.location == f"/claims/{draft.reference}", "no anchor: what was saved is said at the top"
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
    assert len(labels) == 30
    assert len(set(labels)) == 30


def test_what_is_wrong_is_told_at_its_cell_and_nothing_typed_is_lost(
    browser: Browser, draft: Claim, committed: Session
) -> None:
    add_another(committed, draft)
    answer = send(browser, draft, page="17")
    assert answer.status_code == 422
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.find("input", attrs={"name": f"{CELL}-page"})["value"] == "17"
    assert page.find(id=f"{CELL}-error").get_text().endswith("Choose the document that this page is of.")
    (link,) = page.find(class_="error-summary")("a")
    assert page.find(id=link["href"][1:]) is not None
    assert committed.scalar(select(func.count()).select_from(ProofCell)) == 0


def test_a_page_is_of_the_only_document_without_its_being_chosen(
    browser: Browser, draft: Claim, committed: Session
) -> None:
    only = document_id(committed, draft)
    assert "the page is enough" in browser.page(f"/claims/{draft.reference}/proof-check").main.get_text()
    assert send(browser, draft, page="sheet Orders").status_code == 302
    cell = committed.scalars(select(ProofCell)).one()
    assert (cell.document_id, cell.page) == (only, "sheet Orders")


def test_every_row_that_is_wrong_is_named_at_one_save(browser: Browser, draft: Claim, committed: Session) -> None:
    add_another(committed, draft)
    form = browser.page(f"/claims/{draft.reference}/proof-check").main.form
    data = {field["name"]: field["value"] for field in form("input", type="hidden")}
    said = {"missing-or-old-dates-*-page": "17", "missing-products-*-page": "18", f"{CELL}-page": "19"}
    answer = browser.post(form["action"], data=data | said)
    summary = BeautifulSoup(answer.text, "html.parser").find(class_="error-summary")
    words = "Choose the document that this page is of."
    assert {link["href"]: link.get_text() for link in summary("a")} == {
        "#missing-or-old-dates-*-document": f"A date within 12 months before submission – All products: {words}",
        "#missing-products-*-document": f"The product by its name – All products: {words}",
    }


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


def test_a_row_is_filled_in_one_go_but_for_what_is_said_beside_it(
    browser: Browser, draft: Claim, committed: Session
) -> None:
    document = document_id(committed, draft)
    row = CELL.removesuffix("teams")

    def said(**fields: Any) -> dict[str, str]:
        form = browser.page(f"/claims/{draft.reference}/proof-check").main.form
        names = {
            each["name"]: each.get("value", "")
            for each in form("input")
            if each["type" if each.has_attr("type") else "name"] != "submit"
        }
        names |= {
            each["name"]: (each.find("option", selected=True) or {"value": ""})["value"] for each in form("select")
        }
        answer = browser.post(form["action"], data=names | {name.replace("_", "-"): v for name, v in fields.items()})
        assert answer.status_code == 302, answer.text
        cells = committed.scalars(select(ProofCell).where(ProofCell.claim_id == draft.id)).all()
        found = {cell.product: cell.page for cell in cells if cell.reason == "missing-products"}
        committed.rollback()
        return found

    every = {f"{row}*-document": document, f"{row}*-page": "2"}
    assert said(**every) == {"teams": "2", "intune": "2"}
    beside = {f"{row}teams-page": "4"}
    assert said(**every | {f"{row}*-page": "3"} | beside) == {"teams": "4", "intune": "3"}


def test_a_page_that_the_document_does_not_have_is_refused_in_words(
    browser: Browser, draft: Claim, committed: Session
) -> None:
    document = committed.get_one(Document, document_id(committed, draft))
    document.pages = 3
    committed.commit()
    answer = send(browser, draft, document=document.id, page="4")
    assert answer.status_code == 422
    page = BeautifulSoup(answer.text, "html.parser")
    words = "“signed order.pdf” has 3 pages, counted from the file&#39;s first. Enter one of them."
    assert page.find(id=f"{CELL}-error").get_text().endswith(words.replace("&#39;", "'"))
    row = CELL.removesuffix("teams") + "*"
    form = browser.page(f"/claims/{draft.reference}/proof-check").main.form
    data = {field["name"]: field["value"] for field in form("input", type="hidden")}
    answer = browser.post(form["action"], data=data | {f"{row}-document": document.id, f"{row}-page": "9"})
    assert BeautifulSoup(answer.text, "html.parser").find(id=f"{row}-error") is not None, (
        "it is told where it was said"
    )
    assert send(browser, draft, document=document.id, page="3").status_code == 302


def test_a_check_that_was_too_old_once_can_be_saved_from_the_page_that_says_so(
    browser: Browser, draft: Claim, committed: Session
) -> None:
    form = browser.page(f"/claims/{draft.reference}/proof-check").main.form
    data = {field["name"]: field["value"] for field in form("input", type="hidden")}
    said = {f"{CELL}-document": document_id(committed, draft), f"{CELL}-page": "2"}
    add_another(committed, draft)
    draft.version += 1
    committed.commit()
    answer = browser.post(form["action"], data=data | said)
    assert answer.status_code == 409
    form = BeautifulSoup(answer.text, "html.parser").main.form
    data = {field["name"]: field["value"] for field in form("input", type="hidden")}
    assert browser.post(form["action"], data=data | said).status_code == 302


def fields_of(page: BeautifulSoup) -> dict[str, str]:
    """What the form of the check would send."""
    form = page.main.form
    chosen = {each["name"]: each.find("option", selected=True) for each in form("select")}
    typed = {each["name"]: each["value"] for each in form("input")}
    return typed | {name: option["value"] if option else "" for name, option in chosen.items()}


def test_an_older_page_takes_back_nothing_that_a_colleague_has_said_since(
    browser: Browser, draft: Claim, committed: Session
) -> None:
    only, other = str(document_id(committed, draft)), "missing-products-intune"
    older = browser.page(f"/claims/{draft.reference}/proof-check")
    assert send(browser, draft, document=only, page="2").status_code == 302

    typed = fields_of(older) | {f"{other}-document": only, f"{other}-page": "3"}
    answer = browser.post(older.main.form["action"], data=typed)

    assert answer.status_code == 409
    page = BeautifulSoup(answer.text, "html.parser")
    shown = fields_of(page)
    assert (shown[f"{CELL}-document"], shown[f"{CELL}-page"]) == (only, "2")
    assert shown[f"{other}-page"] == "3", "what was typed is kept"
    assert browser.post(older.main.form["action"], data=shown).status_code == 302
    assert set(committed.scalars(select(ProofCell.page).where(ProofCell.document_id.is_not(None)))) == {"2", "3"}


def test_a_place_that_is_taken_back_does_not_return_by_what_a_colleague_did_meanwhile(
    browser: Browser, draft: Claim, committed: Session
) -> None:
    assert send(browser, draft, document=document_id(committed, draft), page="2").status_code == 302
    older = browser.page(f"/claims/{draft.reference}/proof-check")
    committed.refresh(draft)
    draft.version += 1
    committed.commit()

    typed = fields_of(older) | {f"{CELL}-document": "", f"{CELL}-page": ""}
    answer = browser.post(older.main.form["action"], data=typed)

    assert answer.status_code == 409
    assert fields_of(BeautifulSoup(answer.text, "html.parser"))[f"{CELL}-document"] == ""


def test_what_two_say_of_one_cell_is_shown_beside_what_is_saved(
    browser: Browser, draft: Claim, committed: Session
) -> None:
    only = str(document_id(committed, draft))
    older = browser.page(f"/claims/{draft.reference}/proof-check")
    assert send(browser, draft, document=only, page="2").status_code == 302

    typed = fields_of(older) | {f"{CELL}-document": only, f"{CELL}-page": "4"}
    page = BeautifulSoup(browser.post(older.main.form["action"], data=typed).text, "html.parser")

    (saved,) = page.select(".cell .field__warning")
    assert saved.get_text() == "Saved so far: signed order.pdf, page 2"
    assert fields_of(page)[f"{CELL}-page"] == "4"
