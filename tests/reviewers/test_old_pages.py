from typing import Any

from sqlalchemy.orm import Session

from cpor_web.claims import operations
from cpor_web.models import Claim, User
from cpor_web.programme import Programme
from cpor_web.rules.statuses import Status
from tests.reviewers.pages import form_with, press_on, read
from tests.support.browser import Browser


def test_a_decision_on_an_older_page_is_refused_with_what_changed_and_keeps_what_was_typed(
    desk: Browser, under_review: Claim, committed: Session, filer: User, programme: Programme, now: Any
) -> None:
    old = desk.page(f"/review/{under_review.reference}")
    operations.comment(
        committed, under_review, "The file is the right one.", actor=filer.actor, now=now, programme=programme
    )
    committed.commit()

    answer = press_on(desk, old, "Reject", Reason="poe-unavailable", Comment="I cannot open it.")

    assert answer.status_code == 409
    page = read(answer)
    alert = page.select_one("[role=alert]").get_text(" ", strip=True)
    assert "A comment was added." in alert
    assert filer.name in alert
    assert "Your words below are not saved yet." in alert
    form = form_with(page, "Reject")
    assert form["data-unsaved"] == "yes", "leaving the page asks about them"
    assert form_with(page, "Add note")["data-unsaved"] == "no", "nothing was typed there"
    assert form.find("textarea").get_text().strip() == "I cannot open it."
    assert form.select_one("option[selected][value=poe-unavailable]")
    committed.refresh(under_review)
    assert under_review.status is Status.UNDER_REVIEW

    again = press_on(desk, page, "Reject", Reason="poe-unavailable", Comment="I cannot open it.")
    assert again.status_code == 302


def test_a_mistake_on_an_older_page_does_not_make_the_page_a_newer_one(
    desk: Browser, under_review: Claim, committed: Session, filer: User, programme: Programme, now: Any
) -> None:
    old = desk.page(f"/review/{under_review.reference}")
    operations.comment(committed, under_review, "Look again.", actor=filer.actor, now=now, programme=programme)
    committed.commit()

    mistaken = press_on(desk, old, "Reject", Comment="No reason chosen.")
    assert mistaken.status_code == 422

    assert (
        press_on(desk, read(mistaken), "Reject", Reason="poe-unavailable", Comment="It is not there.").status_code
        == 409
    )


def test_a_decision_that_does_not_say_which_page_it_was_taken_on_is_refused(
    desk: Browser, under_review: Claim, committed: Session
) -> None:
    page = f"/review/{under_review.reference}"

    assert desk.submit(f"{page}/approve", page=page).status_code == 400
    committed.refresh(under_review)
    assert under_review.status is Status.UNDER_REVIEW


def test_a_decision_in_the_wrong_status_says_why_and_keeps_what_was_typed(
    desk: Browser, claim: Claim, committed: Session
) -> None:
    page = f"/review/{claim.reference}"
    typed = {"seen": claim.version, "reject-reason": "poe-unavailable", "reject-comment": "Nothing to see."}

    answer = desk.submit(f"{page}/reject", typed, page=page)

    assert answer.status_code == 409
    assert "“Reject” is not possible while a claim is “Submitted”." in answer.text
    assert read(answer).find(id="reject-comment").get_text().strip() == "Nothing to see."
