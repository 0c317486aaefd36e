"""The forms that the reviewer's check of the proof fills in: what it says can be added to, and not taken away."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.models import Claim, Mail
from cpor_web.rules.statuses import Status
from tests.reviewers.pages import form_with, read
from tests.reviewers.test_grid import MISSING, save
from tests.support.browser import Browser

COMPOSED = "The order has no date. Where: Page 2, at the bottom. How to mend it: Upload the dated order."


def decision(desk: Browser, claim: Claim, button: str) -> dict[str, Any]:
    """Return what the form of a decision would send as it stands."""
    page: BeautifulSoup = desk.page(f"/review/{claim.reference}")
    sent: dict[str, Any] = {}
    form = form_with(page, button)
    for field in form("input"):
        if field["type"] == "hidden" or field.has_attr("checked"):
            sent.setdefault(field["name"], []).append(field["value"])
    for words in form("textarea"):
        sent[words["name"]] = words.get_text().removeprefix("\r\n").removeprefix("\n")
    for choice in form("select"):
        chosen = choice.find("option", selected=True)
        sent[choice["name"]] = chosen["value"] if chosen else ""
    return sent


def test_request_and_rejection_are_filled_in_from_the_grid(desk: Browser, under_review: Claim) -> None:
    assert save(desk, under_review, **MISSING).status_code == 302
    ask = decision(desk, under_review, "Request information")
    assert ask["ask-reasons"] == ["missing-or-old-dates"]
    assert ask["ask-products-dates"] == ["teams"]
    assert ask["ask-missing-dates"] == f"Teams: {COMPOSED}"
    reject = decision(desk, under_review, "Reject")
    assert reject["reject-reason"] == "insufficient-proof-of-execution"
    assert reject["reject-comment"].endswith(COMPOSED)


def test_the_request_as_it_was_filled_in_goes_to_the_partner(
    desk: Browser, under_review: Claim, committed: Session
) -> None:
    save(desk, under_review, **MISSING)
    ask = decision(desk, under_review, "Request information")
    assert desk.post(f"/review/{under_review.reference}/request-information", data=ask).status_code == 302
    committed.refresh(under_review)
    assert under_review.status is Status.PARTNER_ACTION_REQUIRED
    mail = committed.scalars(select(Mail).where(Mail.kind == "information-requested")).one()
    assert COMPOSED in str(mail.context)


@pytest.mark.parametrize("part", ["missing", "place", "mend"])
def test_neither_can_be_sent_without_what_where_and_how(
    desk: Browser, under_review: Claim, committed: Session, part: str
) -> None:
    save(desk, under_review, **{**MISSING, part: " "})
    assert "1 cell is marked missing without all three" in desk.page(
        f"/review/{under_review.reference}/proof"
    ).main.get_text(" ")
    for button, verb in (("Request information", "request-information"), ("Reject", "reject")):
        data = decision(desk, under_review, button)
        data |= {f"{verb.partition('-')[0].replace('request', 'ask')}-comment": "Please mend it."}
        answer = desk.post(f"/review/{under_review.reference}/{verb}", data=data)
        assert answer.status_code == 409
        page = read(answer)
        (summary,) = page.select(".error-summary")
        assert "Complete them first." in summary.get_text()
        assert summary.has_attr("autofocus")
        assert summary.find("a")["href"] == f"/review/{under_review.reference}/proof"
        assert page.main.get_text().count("Complete them first.") == 1
        assert "Please mend it." in form_with(page, button).get_text()
    committed.refresh(under_review)
    assert under_review.status is Status.UNDER_REVIEW


@pytest.mark.parametrize("field", ["ask-missing-dates", "reject-comment"])
def test_what_is_filled_in_can_be_added_to_and_not_taken_away(
    desk: Browser, under_review: Claim, committed: Session, field: str
) -> None:
    save(desk, under_review, **MISSING)
    button, verb = {"a": ("Request information", "request-information"), "r": ("Reject", "reject")}[field[0]]
    data = decision(desk, under_review, button)
    filled_in = data[field]
    answer = desk.post(f"/review/{under_review.reference}/{verb}", data=data | {field: "No."})
    assert answer.status_code == 422
    assert "Keep the words of the check of the proof" in read(answer).main.get_text()
    data = decision(desk, under_review, button)
    with_more = f"Please:\r\n{filled_in}\r\nThank you."
    assert desk.post(f"/review/{under_review.reference}/{verb}", data=data | {field: with_more}).status_code == 302
    committed.refresh(under_review)
    assert under_review.status is not Status.UNDER_REVIEW


def test_all_that_is_wrong_with_a_rejection_is_told_at_once(desk: Browser, under_review: Claim) -> None:
    save(desk, under_review, **MISSING)
    data = decision(desk, under_review, "Reject")

    answer = desk.post(
        f"/review/{under_review.reference}/reject", data=data | {"reject-reason": "", "reject-comment": "No."}
    )

    told = [each.get_text() for each in read(answer).select(".error-summary a")]
    assert ["Choose a reason." in told[0], "Keep the words" in told[1], len(told)] == [True, True, 2]


def test_a_comment_that_is_left_out_is_one_error(desk: Browser, under_review: Claim) -> None:
    save(desk, under_review, **MISSING)
    data = decision(desk, under_review, "Reject")

    answer = desk.post(f"/review/{under_review.reference}/reject", data=data | {"reject-comment": ""})

    (told,) = read(answer).select(".error-summary a")
    assert "Write to the partner why." in told.get_text()
