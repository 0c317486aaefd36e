"""Proof that a partner uploads to a claim, takes off again, and gets back."""

from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import clock, proofs
from cpor_web.claims import operations
from cpor_web.claims.preflight import Place
from cpor_web.extensions import db
from cpor_web.models import Document
from cpor_web.rules.reasons import Request
from cpor_web.rules.statuses import Status
from cpor_web.web import limits
from tests.partners.conftest import Desk
from tests.partners.pages import a_file, address, buttons, messages, text_of
from tests.support.browser import Browser


def test_a_document_comes_back_as_it_was_and_is_only_saved(browser: Browser, desk: Desk) -> None:
    claim = desk.claim()
    content = b"Signed. <script>alert(1)</script>\n"
    answer = browser.submit(
        address(claim, "documents"), {"document": a_file("Größe 1.txt", content)}, page=address(claim)
    )
    assert answer.location == f"{address(claim)}#proof"
    [document] = desk.documents_of(claim)
    assert (document.filename, document.size, document.uploaded_by_id) == ("Größe 1.txt", len(content), desk.user.id)
    saved = browser.get(address(claim, "documents", str(document.id)))
    assert saved.data == content
    assert saved.headers["Content-Disposition"].startswith("attachment; ")
    assert "filename*=UTF-8''Gr%C3%B6%C3%9Fe%201.txt" in saved.headers["Content-Disposition"]
    assert saved.headers["X-Content-Type-Options"] == "nosniff"
    assert saved.content_type == "text/plain", "nobody knows the charset of what was uploaded"
    kept_off = "default-src 'none'; base-uri 'none'; sandbox; frame-ancestors 'none'"
    assert saved.headers["Content-Security-Policy"] == kept_off
    assert saved.mimetype == "text/plain"


def test_a_document_that_is_known_and_not_there_is_said_to_be_away_for_the_moment(
    browser: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    claim = desk.claim()
    browser.submit(address(claim, "documents"), {"document": a_file("order.txt", b"Signed.")}, page=address(claim))
    [document] = desk.documents_of(claim)
    monkeypatch.setitem(browser.application.extensions, "documents", proofs.DocumentStore(str(tmp_path)))
    answer = browser.get(address(claim, "documents", str(document.id)))
    assert answer.status_code == 503
    assert "Not available for the moment" in answer.text


@pytest.mark.parametrize(("field", "number"), [("document", 1), ("comment", 0)])
def test_a_large_file_comes_in_where_documents_are_kept_and_leaves_nothing_there_but_a_document(
    browser: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, field: str, number: int
) -> None:
    store, came_in = proofs.DocumentStore(str(tmp_path)), []
    monkeypatch.setattr(limits, "LARGE", 500)
    monkeypatch.setitem(browser.application.extensions, "documents", store)
    incoming = store.incoming
    monkeypatch.setattr(store, "incoming", lambda: came_in.append(incoming()) or came_in[-1])
    claim = desk.claim()
    browser.submit(address(claim, "documents"), {field: a_file(content=b"Signed.\n" * 100)}, page=address(claim))
    assert [each.closed for each in came_in] == [True], "it was copied, or is open still"
    names = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert names == [document.sha256 for document in desk.documents_of(claim)]
    assert len(names) == number


@pytest.mark.parametrize(("verb", "status"), [("documents", Status.EDITING), ("dispute", Status.REJECTED)])
def test_no_transaction_waits_for_a_document_to_be_stored(
    browser: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch, verb: str, status: Status
) -> None:
    claim, receive, was_open = desk.claim(status), proofs.receive, []

    def looked_at(*what: Any, **how: Any) -> proofs.Stored:
        was_open.append(db.session().in_transaction())
        return receive(*what, **how)

    monkeypatch.setattr(proofs, "receive", looked_at)
    answer = browser.submit(address(claim, verb), {"document": a_file("late.txt")}, page=address(claim))
    assert (answer.status_code, was_open) == (302, [False])


def test_of_a_refused_upload_no_row_is_written(browser: Browser, desk: Desk) -> None:
    claim = desk.claim()
    answer = browser.submit(
        address(claim, "documents"), {"document": a_file("proof.pdf", b"MZ")}, page=address(claim)
    )
    assert answer.status_code == 422
    error = BeautifulSoup(answer.text, "html.parser").find(id="document-error")
    assert isinstance(error, Tag)
    assert "not PDF" in error.get_text()
    assert desk.documents_of(claim) == []


def test_a_refused_upload_still_offers_what_it_could_replace(browser: Browser, desk: Desk) -> None:
    draft, submitted = desk.claim(), desk.claim(Status.SUBMITTED)
    for claim, offered in ((draft, []), (submitted, ["No other document", "1: proof.txt"])):
        answer = browser.submit(address(claim, "documents"), page=address(claim))
        options = BeautifulSoup(answer.text, "html.parser").select("#replaces option")
        assert [option.get_text().partition(",")[0] for option in options] == offered


def test_without_a_file_the_upload_asks_for_one(browser: Browser, desk: Desk) -> None:
    claim = desk.claim()
    answer = browser.submit(address(claim, "documents"), page=address(claim))
    assert answer.status_code == 422
    assert "Choose a file first." in answer.text


def test_a_newer_document_marks_an_older_one_as_replaced(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.SUBMITTED)
    [old] = desk.documents_of(claim)
    sent = {"document": a_file("new.txt"), "replaces": str(old.id)}
    browser.submit(address(claim, "documents"), sent, page=address(claim))
    old, new = desk.documents_of(claim)
    assert old.replaced_by_id == new.id
    page = browser.page(address(claim))
    assert "Replaced" in text_of(page)
    assert browser.get(address(claim, "documents", str(old.id))).status_code == 200, "nothing is removed"


def test_what_the_check_named_in_a_replaced_document_is_said_to_have_gone(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.SUBMITTED)
    [old] = desk.documents_of(claim)
    about: dict[str, Any] = {"actor": desk.user.actor, "now": clock.utcnow(), "programme": desk.programme}
    places = {(Request.DATES, key): Place(old.id, "1") for key in claim.product_keys}
    operations.locate(desk.session, claim, places, **about)
    desk.session.commit()
    for content, expected in ((b"New.", "2 places that your check named"), (b"Newer.", "")):
        replaced = desk.documents_of(claim)[-1]
        sent = {"document": a_file("new.txt", content), "replaces": str(replaced.id)}
        answer = browser.submit(address(claim, "documents"), sent, page=address(claim))
        told = messages(browser.get(answer.location).text)
        assert expected in told
        assert bool(expected) is ("went with it" in told)


def test_the_same_file_again_is_said_to_be_that(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.SUBMITTED)
    for name, content, expected in (
        ("again.txt", b"Signed by Carla Conti.", "It is the same file as 1: proof.txt."),
        ("other.txt", b"Signed by somebody else.", ""),
    ):
        sent = {"document": a_file(name, content)}
        answer = browser.submit(address(claim, "documents"), sent, page=address(claim))
        told = messages(browser.get(answer.location).text)
        assert expected in told
        assert bool(expected) is ("same file" in told)


def test_a_document_of_one_claim_is_not_found_under_another(browser: Browser, desk: Desk) -> None:
    claim, other = desk.claim(Status.SUBMITTED), desk.claim()
    [document] = desk.documents_of(claim)
    assert browser.get(address(other, "documents", str(document.id))).status_code == 404


def test_a_document_is_removed_from_a_draft_only_after_asking(browser: Browser, desk: Desk) -> None:
    claim = desk.claim()
    browser.submit(address(claim, "documents"), {"document": a_file("wrong.txt")}, page=address(claim))
    [document] = desk.documents_of(claim)
    page = browser.page(address(claim))
    [link] = page.select('#proof ~ .documents a[href$="/remove"]')
    where = str(link["href"])
    assert link.get_text() == "Remove: wrong.txt"
    assert "Remove document" in buttons(browser.page(where))
    assert desk.documents_of(claim) == [document]
    answer = browser.submit(where, {"seen": desk.now_of(claim).version}, page=where, follow_redirects=True)
    assert "The document wrong.txt was removed." in messages(answer.text)
    assert desk.documents_of(claim) == []
    assert browser.get(where).status_code == 404


def test_a_submitted_document_offers_no_way_to_remove_it(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.SUBMITTED)
    [document] = desk.documents_of(claim)
    assert not browser.page(address(claim)).select('a[href$="/remove"]')
    where = address(claim, "documents", str(document.id), "remove")
    told = browser.get(where)
    assert (told.status_code, "This document was submitted, and stays." in told.text) == (409, True)
    answer = browser.submit(where, {"seen": claim.version}, page=address(claim))
    assert (answer.status_code, len(desk.documents_of(claim))) == (409, 1)


def test_a_stored_document_that_was_never_committed_is_no_document(
    browser: Browser, committed: Session, desk: Desk
) -> None:
    claim = desk.claim(Status.UNDER_REVIEW)
    answer = browser.submit(address(claim, "documents"), {"document": a_file("late.txt")}, page=address(claim))
    assert answer.status_code == 409
    committed.rollback()
    assert [each.filename for each in committed.scalars(select(Document))] == ["proof.txt"]


def test_the_same_document_twice_is_told_apart_where_one_is_replaced(browser: Browser, desk: Desk) -> None:
    claim = desk.claim()
    for _ in range(2):
        browser.submit(address(claim, "documents"), {"document": a_file()}, page=address(claim))
    page = browser.page(address(claim))
    older, newer = desk.documents_of(claim)
    choices = {option["value"]: option.get_text() for option in page.select("#replaces option")}
    assert choices[""] == "No other document"
    assert choices[str(older.id)].startswith("1: proof.txt, uploaded ")
    assert choices[str(newer.id)].startswith("2: proof.txt, uploaded ")
    sent = {"document": a_file("third.txt"), "replaces": str(older.id)}
    browser.submit(address(claim, "documents"), sent, page=address(claim))
    assert "1: proof.txt Replaced by 3" in text_of(browser.page(address(claim)))


def test_a_document_is_expected_where_a_page_takes_one_and_nowhere_else(
    browser: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(proofs, "expect", lambda: seen.append(request.path))
    takes_one = address(desk.claim())
    for path in ("/claims", "/claims/submit?all=1", address(desk.claim(Status.UNDER_REVIEW)), takes_one):
        browser.get(path)
    assert seen == [takes_one]
    browser.get("/claims/submit")
    assert seen == [takes_one, "/claims/submit"]
    browser.application.test_client().get(takes_one)
    assert len(seen) == 2, "a stranger had it started"
