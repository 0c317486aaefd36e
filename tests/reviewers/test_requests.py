from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from cpor_web.claims import operations
from cpor_web.models import Claim, Document
from cpor_web.programme import Programme
from cpor_web.rules.statuses import Status
from tests.reviewers.pages import form_with, read
from tests.support import claims
from tests.support.browser import Browser


def ask(desk: Browser, claim: Claim, **data: Any) -> TestResponse:
    page = desk.page(f"/review/{claim.reference}")
    form = form_with(page, "Request information")
    hidden = {field["name"]: field["value"] for field in form("input", type="hidden")}
    return desk.post(form["action"], data=hidden | {f"ask-{name}": value for name, value in data.items()})


def test_request_information_gives_the_claim_to_the_partner(
    desk: Browser, under_review: Claim, committed: Session
) -> None:
    answer = ask(
        desk,
        under_review,
        reasons=["missing-products", "missing-or-old-dates"],
        comment="Please send the whole contract.",
        **{"missing-products": "Teams", "missing-solution": "left over from a box that was unticked"},
    )

    assert answer.status_code == 302
    committed.refresh(under_review)
    assert under_review.status is Status.PARTNER_ACTION_REQUIRED
    page = desk.page(f"/review/{under_review.reference}").main.get_text()
    for words in ("Missing products: Teams", "Missing or old dates", "Please send the whole contract."):
        assert words in page
    assert "left over" not in page


def test_every_reason_to_ask_has_a_box_its_meaning_and_a_text_of_its_own(desk: Browser, under_review: Claim) -> None:
    form = form_with(desk.page(f"/review/{under_review.reference}"), "Request information")
    labels = [label.get_text() for label in form("label")]

    assert labels == [
        words
        for reason in (
            "Missing all PoE",
            "Missing customer acknowledgment",
            "Missing or old dates",
            "Missing partner solution/service",
            "Missing products",
        )
        for words in (reason, "Exchange Online", "Teams", f"What is missing – {reason}")
    ] + ["Comment"]
    legends = [legend.get_text() for legend in form("legend")]
    assert legends[0] == "Reasons"
    assert legends[1:] == [f"In which product – {label}" for label in labels[:-1:4]]
    assert "older than 12 months before submission" in form.get_text()
    assert not form.select("input[checked]")


def test_what_was_written_beside_a_reason_stands_for_the_comment(
    desk: Browser, under_review: Claim, committed: Session
) -> None:
    assert ask(desk, under_review, reasons=["missing-products"], **{"missing-products": "Teams"}).status_code == 302

    committed.refresh(under_review)
    assert under_review.status is Status.PARTNER_ACTION_REQUIRED
    told = desk.page(f"/review/{under_review.reference}").select_one("[aria-labelledby=earlier]").get_text()
    assert told.count("Teams") == 1
    assert "Comment" not in told


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"comment": "Please send it."}, "Choose at least one reason."),
        ({"reasons": ["missing-or-old-dates"]}, "Write to the partner what is needed."),
        (
            {"reasons": ["missing-products"], "comment": "Please."},
            "Choose which product is missing, or write it down.",
        ),
        ({"reasons": ["nonsense"], "comment": "Please."}, "not valid choices"),
    ],
)
def test_an_invalid_request_changes_nothing_and_loses_nothing(
    desk: Browser, under_review: Claim, committed: Session, data: dict[str, Any], sentence: str
) -> None:
    answer = ask(desk, under_review, **data)

    assert answer.status_code == 422
    form = form_with(read(answer), "Request information")
    if sentence != "not valid choices":
        assert sentence in form.get_text()
    assert form.find(id="ask-comment").get_text().strip() == data.get("comment", "")
    assert [box["value"] for box in form.select("input[checked]")] == [
        reason for reason in data.get("reasons", ()) if reason != "nonsense"
    ]
    committed.refresh(under_review)
    assert under_review.status is Status.UNDER_REVIEW


def test_which_product_is_missing_is_asked_for_at_its_field(desk: Browser, under_review: Claim) -> None:
    answer = ask(desk, under_review, reasons=["missing-products"], **{"products-dates": ["teams"]})
    page = read(answer)
    assert answer.status_code == 422
    assert "which product" in page.find(id="ask-missing-products-error").get_text()
    assert page.find(id="ask-missing-products")["aria-invalid"] == "true"
    [kept] = page.select("#ask-products-dates input[checked]")
    assert kept["value"] == "teams"


def test_the_products_are_read_by_their_names_by_reviewer_and_in_the_history(
    desk: Browser, under_review: Claim
) -> None:
    answer = ask(
        desk,
        under_review,
        reasons=["missing-products", "missing-or-old-dates"],
        **{"products-products": ["teams", "exchange-online"], "missing-dates": "The year."},
    )
    assert answer.status_code == 302
    for page in ("", "/history"):
        words = desk.page(f"/review/{under_review.reference}{page}").main.get_text()
        assert "Missing products (Exchange Online, Teams)" in words
        assert "Missing or old dates: The year." in words


def test_an_old_page_with_a_mistake_stays_an_old_page(desk: Browser, under_review: Claim, committed: Session) -> None:
    form = form_with(desk.page(f"/review/{under_review.reference}"), "Request information")
    hidden = {field["name"]: field["value"] for field in form("input", type="hidden")}
    under_review.version += 1
    committed.commit()
    asked = {**hidden, "ask-reasons": ["missing-products"], "ask-comment": "Where?"}
    again = form_with(read(desk.post(form["action"], data=asked)), "Request information")
    assert again.find("input", {"name": "seen"})["value"] == hidden["seen"]


@pytest.mark.parametrize("adds", [True, False], ids=["with a new document", "without one"])
def test_a_resubmission_says_what_was_asked_and_which_documents_are_new(
    desk: Browser, committed: Session, programme: Programme, *, adds: bool
) -> None:
    claim = claims.partner_action_required(committed, programme)
    about: dict[str, Any] = {"actor": claim.filed_by.actor, "programme": programme}
    committed.commit()
    assert "Resubmitted after" not in desk_status(desk, claim)
    if adds:
        new = Document(sha256="1" * 64, filename="dated.pdf", media_type="application/pdf", size=1)
        operations.upload(committed, claim, new, now=claims.NOW + timedelta(hours=1), **about)
    operations.resubmit(committed, claim, now=claims.NOW + timedelta(hours=2), **about)
    committed.commit()

    status = desk_status(desk, claim)

    assert "Resubmitted after a request for information" in status
    assert "Missing or old dates: The order has no date." in status
    assert ("New documents since: dated.pdf." if adds else "No new document since.") in status


def desk_status(desk: Browser, claim: Claim) -> str:
    section = desk.page(f"/review/{claim.reference}").find(id="state").find_parent("section")
    return " ".join(section.get_text(" ").split())
