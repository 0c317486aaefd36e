from typing import Any

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from cpor_web.models import Claim
from cpor_web.rules.statuses import Status
from tests.reviewers.pages import form_with, read
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
        for words in (reason, f"What is missing – {reason}")
    ] + ["Comment"]
    assert "older than 12 months before submission" in form.get_text()
    assert not form.select("input[checked]")


def test_what_was_written_beside_a_reason_stands_for_the_comment(
    desk: Browser, under_review: Claim, committed: Session
) -> None:
    assert ask(desk, under_review, reasons=["missing-products"], **{"missing-products": "Teams"}).status_code == 302

    committed.refresh(under_review)
    assert under_review.status is Status.PARTNER_ACTION_REQUIRED


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"comment": "Please send it."}, "Choose at least one reason."),
        ({"reasons": ["missing-products"]}, "Write to the partner what is needed."),
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
    assert bool(form.select("input[checked]")) == (data.get("reasons") == ["missing-products"])
    committed.refresh(under_review)
    assert under_review.status is Status.UNDER_REVIEW
