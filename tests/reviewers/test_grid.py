"""The reviewer's check of the proof: the document in a sandbox beside the grid."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from cpor_web.claims import operations
from cpor_web.claims.preflight import Place
from cpor_web.models import Claim, Document, Download, Event, ProofCell, User, Verdict
from cpor_web.rules.reasons import Request
from cpor_web.rules.statuses import Status
from tests.reviewers.conftest import FileClaim
from tests.reviewers.pages import form_with, press, press_on, read
from tests.support.browser import Browser

DATES = "missing-or-old-dates-teams"
Put = Callable[..., int]


@pytest.fixture
def put(app: Flask, committed: Session) -> Put:
    """Return what gives a claim's document a kind and bytes that are stored."""

    def store(claim: Claim, media_type: str = "application/pdf", content: bytes = b"%PDF-1.7 x") -> int:
        stored = app.extensions["documents"].store(io.BytesIO(content), filename="x", media_type=media_type)
        document = committed.scalars(select(Document).where(Document.claim_id == claim.id)).one()
        document.sha256, document.size, document.media_type = stored.sha256, stored.size, media_type
        committed.commit()
        return document.id

    return store


def save(desk: Browser, claim: Claim, **said: str) -> TestResponse:
    """Press Save on the grid; `said` has values by the part of the cell Dates × Teams."""
    form = form_with(desk.page(f"/review/{claim.reference}/proof"), "Save the check")
    data = {field["name"]: field["value"] for field in form("input", type="hidden")}
    typed = {"found" if part == "pressed" else f"{DATES}-{part}": value for part, value in said.items()}
    return desk.post(form["action"], data=data | typed)


MISSING = {
    "verdict": "missing",
    "missing": "The order has no date",
    "place": "Page 2, at the bottom",
    "mend": "Upload the dated order.",
}


@pytest.mark.parametrize("media_type", ["application/pdf", "image/png", "image/jpeg"])
def test_a_document_is_shown_in_a_sandbox_that_only_our_own_page_may_frame(
    desk: Browser, claim: Claim, put: Put, committed: Session, media_type: str
) -> None:
    number = put(claim, media_type, b"<script>alert(1)</script>")
    answer = desk.get(f"/review/{claim.reference}/documents/{number}/shown")
    assert answer.status_code == 200
    assert answer.mimetype == media_type
    assert answer.headers["Content-Disposition"].startswith("inline; filename=")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    in_our_page = "default-src 'none'; base-uri 'none'; sandbox; frame-ancestors 'self'"
    assert answer.headers["Content-Security-Policy"] == in_our_page
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "no-store" in answer.headers["Cache-Control"]
    assert committed.scalar(select(func.count()).where(Download.document_id == number)) == 1


@pytest.mark.parametrize("media_type", ["text/html", "image/svg+xml", "image/tiff", "text/plain", "message/rfc822"])
def test_any_other_kind_is_only_saved(desk: Browser, claim: Claim, put: Put, media_type: str) -> None:
    number = put(claim, media_type)
    assert desk.get(f"/review/{claim.reference}/documents/{number}/shown").status_code == 404
    page = desk.page(f"/review/{claim.reference}/proof?document={number}")
    assert page.find("iframe") is None
    assert page.find(id="document").find_parent("section").find("img") is None
    assert "cannot be shown here" in page.main.get_text()


def test_what_is_not_scanned_yet_is_not_shown(
    desk: Browser, claim: Claim, put: Put, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    from dataclasses import replace

    number = put(claim)
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], clamd="tcp://127.0.0.1:9"))
    answer = desk.get(f"/review/{claim.reference}/documents/{number}/shown")
    assert answer.status_code == 409
    assert answer.mimetype == "text/html"
    assert desk.page(f"/review/{claim.reference}/proof?document={number}").find("iframe") is None


def test_another_claims_document_is_not_shown(desk: Browser, file_claim: FileClaim, claim: Claim, put: Put) -> None:
    number = put(file_claim(name="Another"))
    assert desk.get(f"/review/{claim.reference}/documents/{number}/shown").status_code == 404
    assert desk.page(f"/review/{claim.reference}/proof?document={number}").find("iframe") is None


def test_what_is_claimed_is_told_above_the_grid(desk: Browser, claim: Claim) -> None:
    above = desk.page(f"/review/{claim.reference}/proof").select_one("[aria-labelledby=grid] > p").get_text(" ")
    contact = claim.contacts[0]
    claimed = (claim.partner.name, claim.customer_name, str(claim.tenant_id), "Exchange Online, Teams")
    for words in (*claimed, contact.name, contact.email):
        assert words in above


def test_only_the_page_of_the_check_may_hold_a_frame(desk: Browser, claim: Claim) -> None:
    assert "frame-src 'self'" in desk.get(f"/review/{claim.reference}/proof").headers["Content-Security-Policy"]
    assert "frame-src" not in desk.get(f"/review/{claim.reference}").headers["Content-Security-Policy"]


def test_the_document_opens_at_the_page_that_the_partner_names(
    desk: Browser, claim: Claim, put: Put, committed: Session, filer: User, programme: Any, now: Any
) -> None:
    number = put(claim)
    places = {(Request.DATES, "teams"): Place(number, "pp. 3–4")}
    operations.locate(committed, claim, places, actor=filer.actor, now=now, programme=programme)
    committed.commit()
    page = desk.page(f"/review/{claim.reference}/proof")
    (link,) = [each for each in page("a") if each.get_text() == "proof.pdf, pp. 3–4"]
    frame = desk.page(link["href"]).find("iframe")
    shown = f"/review/{claim.reference}/documents/{number}/shown"
    assert frame["src"] == f"{shown}#page=3&view=FitH&navpanes=0&pagemode=none"
    assert page.get_text().count("The partner does not say where.") == 9


@pytest.mark.parametrize(("pressed", "found"), [("all", 9), ("missing-or-old-dates", 1)])
def test_all_found_decides_what_is_not_decided_and_leaves_what_is_missing(
    desk: Browser, under_review: Claim, committed: Session, pressed: str, found: int
) -> None:
    page = desk.page(f"/review/{under_review.reference}/proof")
    buttons = [button.get("value") for button in page("button") if button.get("name") == "found"]
    assert buttons == ["all", *(reason.value for reason in Request)]
    form = form_with(page, "Save the check")
    assert form.find("button").get_text() == "Save the check", "Enter in a field presses the first button"

    answer = save(desk, under_review, **MISSING, pressed=pressed)

    verdicts = [cell.verdict for cell in committed.scalars(select(ProofCell).where(ProofCell.verdict.is_not(None)))]
    assert (verdicts.count(Verdict.FOUND), verdicts.count(Verdict.MISSING)) == (found, 1)
    assert "1 cell still says missing." in desk.page(answer.location).main.get_text()
    assert answer.location.endswith("/proof" if pressed == "all" else f"/proof#{pressed}")


def test_words_that_name_a_page_beyond_every_document_are_refused_and_kept(
    desk: Browser, under_review: Claim, put: Put, committed: Session
) -> None:
    number = put(under_review)
    committed.get_one(Document, number).pages = 3
    committed.commit()

    answer = save(desk, under_review, **{**MISSING, "place": "Page 4, at the bottom"})

    assert answer.status_code == 422
    assert "no document of this claim has that page. The longest has 3." in read(answer).main.get_text()
    assert read(answer).find("input", attrs={"name": f"{DATES}-place"})["value"] == "Page 4, at the bottom"
    assert save(desk, under_review, **{**MISSING, "place": "Page 3, line 40, the 12 seats"}).status_code == 302
    path = f"/review/{under_review.reference}/proof?document={number}&page="
    assert "3 pages" in desk.page(f"{path}4").find(id="document").parent.get_text()
    sources = [desk.page(f"{path}{page}").find("iframe")["src"].partition("#")[2] for page in (3, 4)]
    assert [source.startswith("page=3&") for source in sources] == [True, False]
    assert "page=" not in sources[1]


def test_nobody_approves_what_their_own_check_says_is_missing(
    desk: Browser, under_review: Claim, committed: Session
) -> None:
    page = desk.page(f"/review/{under_review.reference}")
    save(desk, under_review, **MISSING)

    answer = press_on(desk, page, "Approve")

    assert answer.status_code == 409
    assert "mark it as found there before you approve" in read(answer).main.get_text()
    assert not [each for each in read(answer)("button") if each.get_text() == "Approve"]
    save(desk, under_review, verdict="found")
    assert press(desk, under_review, "Approve").status_code == 302
    committed.refresh(under_review)
    assert under_review.status is Status.APPROVED


def test_only_the_holder_gets_fields_to_decide(desk: Browser, under_review_by_another: Claim) -> None:
    page = desk.page(f"/review/{under_review_by_another.reference}/proof")
    assert not [button for button in page("button") if button.get_text() == "Save the check"]
    assert all(each.has_attr("disabled") for each in page("input", type="radio"))


def test_a_page_older_than_the_claim_saves_nothing_and_loses_nothing(
    desk: Browser, under_review: Claim, committed: Session, filer: User, programme: Any, now: Any
) -> None:
    form = form_with(desk.page(f"/review/{under_review.reference}/proof"), "Save the check")
    data = {field["name"]: field["value"] for field in form("input", type="hidden")}
    operations.comment(committed, under_review, "Wait.", actor=filer.actor, now=now, programme=programme)
    committed.commit()
    answer = desk.post(form["action"], data=data | {f"{DATES}-{part}": value for part, value in MISSING.items()})
    assert answer.status_code == 409
    page = read(answer)
    assert page.find("input", attrs={"name": f"{DATES}-place"})["value"] == MISSING["place"]
    assert committed.scalar(select(func.count()).where(Event.kind == "proof:judged")) == 0


def test_a_check_that_was_too_old_once_can_be_saved_from_the_page_that_says_so(
    desk: Browser, under_review: Claim, committed: Session, filer: User, programme: Any, now: Any
) -> None:
    said = {f"{DATES}-{part}": value for part, value in MISSING.items()}
    form = form_with(desk.page(f"/review/{under_review.reference}/proof"), "Save the check")
    data = {field["name"]: field["value"] for field in form("input", type="hidden")}
    operations.comment(committed, under_review, "Wait.", actor=filer.actor, now=now, programme=programme)
    committed.commit()
    form = form_with(read(desk.post(form["action"], data=data | said)), "Save the check")
    data = {field["name"]: field["value"] for field in form("input", type="hidden")}
    assert desk.post(form["action"], data=data | said).status_code == 302


def test_a_check_that_somebody_else_has_taken_over_is_not_saved_and_its_words_stay(
    desk: Browser, under_review: Claim, committed: Session, other_reviewer: User, programme: Any, now: Any
) -> None:
    form = form_with(desk.page(f"/review/{under_review.reference}/proof"), "Save the check")
    data = {field["name"]: field["value"] for field in form("input", type="hidden")}
    operations.take_over(committed, under_review, actor=other_reviewer.actor, now=now, programme=programme)
    committed.commit()
    answer = desk.post(form["action"], data=data | {f"{DATES}-{part}": value for part, value in MISSING.items()})
    assert answer.status_code == 409
    page = read(answer)
    for part in ("missing", "place", "mend"):
        assert page.find("input", attrs={"name": f"{DATES}-{part}"})["value"] == MISSING[part]


@pytest.mark.parametrize(
    "query", ["document=0", "document=x", "document=99999999999", "document=1&page=%23", "page=3"]
)
def test_an_address_with_anything_in_it_shows_the_page(desk: Browser, claim: Claim, query: str) -> None:
    assert desk.get(f"/review/{claim.reference}/proof?{query}").status_code == 200


def data_of(page: BeautifulSoup) -> dict[str, str]:
    """What the form of the check would send."""
    form = form_with(page, "Save the check")
    fields = [each for each in form("input") if each.get("type") != "radio" or each.has_attr("checked")]
    return {each["name"]: each["value"] for each in fields}


def test_an_older_window_takes_back_no_verdict_that_another_has_saved(
    desk: Browser, under_review: Claim, committed: Session
) -> None:
    older = desk.page(f"/review/{under_review.reference}/proof")
    save(desk, under_review, **MISSING)
    typed = data_of(older) | {"missing-or-old-dates-exchange-online-verdict": "found"}

    answer = desk.post(form_with(older, "Save the check")["action"], data=typed | {"found": "all"})

    def verdicts() -> list[Verdict]:
        committed.expire_all()
        return list(committed.scalars(select(ProofCell.verdict).where(ProofCell.verdict.is_not(None))))

    assert answer.status_code == 409
    assert "The check of the proof was saved since you opened this page" in answer.text
    assert verdicts() == [Verdict.MISSING]
    now_typed = data_of(read(answer))
    assert [now_typed[f"{DATES}-{part}"] for part in MISSING] == list(MISSING.values())
    assert now_typed["missing-or-old-dates-exchange-online-verdict"] == "found", "what was typed is kept"
    assert desk.post(form_with(older, "Save the check")["action"], data=now_typed).status_code == 302
    assert sorted(verdicts()) == [Verdict.FOUND, Verdict.MISSING]


def test_what_two_windows_say_of_one_cell_is_shown_beside_what_is_saved(desk: Browser, under_review: Claim) -> None:
    older = desk.page(f"/review/{under_review.reference}/proof")
    save(desk, under_review, **MISSING)

    typed = data_of(older) | {f"{DATES}-verdict": "found"}
    answer = desk.post(form_with(older, "Save the check")["action"], data=typed)

    (saved,) = read(answer).select(".cell .field__warning")
    assert saved.get_text() == "Saved so far: Missing: The order has no date"
    assert data_of(read(answer))[f"{DATES}-verdict"] == "found"


def test_a_verdict_that_is_taken_back_does_not_return_by_what_somebody_else_did_meanwhile(
    desk: Browser, under_review: Claim, committed: Session, filer: User, programme: Any, now: Any
) -> None:
    save(desk, under_review, verdict="found")
    older = desk.page(f"/review/{under_review.reference}/proof")
    operations.comment(committed, under_review, "Wait.", actor=filer.actor, now=now, programme=programme)
    committed.commit()

    typed = data_of(older) | {f"{DATES}-verdict": ""}
    answer = desk.post(form_with(older, "Save the check")["action"], data=typed)

    assert answer.status_code == 409
    assert data_of(read(answer))[f"{DATES}-verdict"] == ""
    (saved,) = read(answer).select(".cell .field__warning")
    assert saved.get_text() == "Saved so far: Found"


def test_a_verdict_that_is_taken_back_does_not_return_by_what_is_saved_of_another_cell(
    desk: Browser, under_review: Claim
) -> None:
    save(desk, under_review, verdict="found")
    older = desk.page(f"/review/{under_review.reference}/proof")
    other = "missing-or-old-dates-exchange-online-verdict"
    action = form_with(older, "Save the check")["action"]
    assert desk.post(action, data=data_of(older) | {other: "found"}).status_code == 302

    answer = desk.post(action, data=data_of(older) | {f"{DATES}-verdict": ""})

    assert answer.status_code == 409
    now_typed = data_of(read(answer))
    assert (now_typed[f"{DATES}-verdict"], now_typed[other]) == ("", "found")


def test_a_decision_that_is_being_written_does_not_grow_old_by_the_check(desk: Browser, under_review: Claim) -> None:
    page = desk.page(f"/review/{under_review.reference}")
    save(desk, under_review, **MISSING)

    assert press_on(desk, page, "Reject", Reason="missing-products", Comment="Where is Teams?").status_code != 409
