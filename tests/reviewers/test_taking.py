"""The next claim with one press: from the queue, from a claim, and together with a decision."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from cpor_web.claims import operations
from cpor_web.models import Claim, User
from cpor_web.rules.statuses import Status
from tests.reviewers.conftest import FileClaim
from tests.reviewers.pages import form_with, labelled, press, press_on, read
from tests.support.browser import Browser


def test_take_the_next_one_leads_to_the_claim_that_is_due_first(
    desk: Browser, file_claim: FileClaim, now: datetime, reviewer: User, committed: Session
) -> None:
    file_claim(name="Later")
    first = file_claim(name="First", at=now - timedelta(days=3))

    answer = press_on(desk, desk.page("/review"), "Take the next one")

    assert answer.location == f"/review/{first.reference}"
    committed.refresh(first)
    assert (first.status, first.reviewer_id) == (Status.UNDER_REVIEW, reviewer.id)
    told = f"You hold {first.reference} now. Its review has started, and the partner is told."
    assert told in desk.page(answer.location).get_text()

    press_on(desk, desk.page("/review"), "Take the next one")
    words = desk.page(answer.location).get_text()
    assert f"You hold {first.reference} now." in words
    assert "Its review has started" not in words, "it had started before"


def test_the_next_one_fits_the_filters_of_the_queue(desk: Browser, claim: Claim) -> None:
    answer = press_on(desk, desk.page("/review?area=business-applications"), "Take the next one")

    assert answer.location == "/review?area=business-applications"
    page = desk.page(answer.location).get_text()
    assert "Nothing more is left to take within this filter." in page
    assert "somebody holds each that waits" not in page


def test_the_filters_of_the_queue_hold_from_claim_to_claim(
    desk: Browser, under_review: Claim, file_claim: FileClaim, now: datetime, committed: Session
) -> None:
    disputed = file_claim(name="Disputed", at=now - timedelta(days=1))
    disputed.is_disputed = True
    file_claim(name="Due first", at=now - timedelta(days=3))
    committed.commit()
    page = desk.page("/review?disputed=y&area=microsoft-365")

    taken = press_on(desk, page, "Take the next one").location

    filters = "?area=microsoft-365&disputed=y"
    assert taken == f"/review/{disputed.reference}{filters}"
    page = desk.page(taken)
    (check,) = [each for each in page("a") if each.get_text() == "Check the proof, document beside grid"]
    assert press_on(desk, desk.page(check["href"]), "Take the next one").location == f"/review{filters}"
    form = form_with(page, "Approve, then take the next one")
    hidden = {field["name"]: field["value"] for field in form("input", type="hidden")}
    assert desk.post(form["action"], data={**hidden, "then": "next"}).location == f"/review{filters}"


@pytest.mark.parametrize(("button", "field"), [("Add comment", "comment-comment"), ("Add note", "note-note")])
def test_the_filters_hold_where_a_claim_is_opened_by_its_line_and_something_else_is_done_first(
    desk: Browser, under_review: Claim, button: str, field: str
) -> None:
    page = desk.page("/review?area=microsoft-365")
    (line,) = [each for each in page("a") if each.get_text() == under_review.name]
    form = form_with(desk.page(line["href"]), button)
    hidden = {each["name"]: each["value"] for each in form("input", type="hidden")}

    there = desk.post(form["action"], data={**hidden, field: "Seen."}).location

    assert press_on(desk, desk.page(there), "Take the next one").location == "/review?area=microsoft-365"


def test_a_decision_stands_and_is_said_to_where_no_next_claim_can_be_fetched(
    desk: Browser, under_review: Claim, committed: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = form_with(desk.page(f"/review/{under_review.reference}"), "Approve, then take the next one")
    hidden = {field["name"]: field["value"] for field in form("input", type="hidden")}

    def goes_away(*_: object, **__: object) -> None:
        raise OperationalError("", {}, Exception("gone"))

    monkeypatch.setattr(operations, "go_on", goes_away)
    answer = desk.post(form["action"], data={**hidden, "then": "next"})

    assert answer.location == f"/review/{under_review.reference}"
    committed.refresh(under_review)
    assert under_review.status is Status.APPROVED
    words = desk.page(answer.location).get_text()
    assert f"{under_review.reference}: Approved. The customer is asked by mail." in words
    assert "The next claim could not be fetched at the moment." in words


def test_a_decision_and_the_next_claim_are_one_press(
    desk: Browser, under_review: Claim, file_claim: FileClaim, committed: Session
) -> None:
    following = file_claim(name="The next")
    page = desk.page(f"/review/{under_review.reference}")
    form = form_with(page, "Reject, then take the next one")
    reason, comment = labelled(form, "Reason"), labelled(form, "Comment")
    hidden = {field["name"]: field["value"] for field in form("input", type="hidden")}
    typed = {reason: "missing-products", comment: "Where is Teams?", "then": "next"}

    answer = desk.post(form["action"], data={**hidden, **typed})

    assert answer.location == f"/review/{following.reference}"
    committed.refresh(under_review)
    assert under_review.status is Status.REJECTED
    words = desk.page(answer.location).get_text()
    assert f"{under_review.reference}: Rejected. The partner is told why." in words
    assert f"You hold {following.reference} now." in words


def test_a_decision_that_is_refused_takes_nothing(
    desk: Browser, under_review: Claim, file_claim: FileClaim, committed: Session
) -> None:
    following = file_claim(name="The next")
    form = form_with(desk.page(f"/review/{under_review.reference}"), "Reject, then take the next one")
    hidden = {field["name"]: field["value"] for field in form("input", type="hidden")}

    answer = desk.post(form["action"], data={**hidden, "then": "next"})

    assert answer.status_code == 422
    committed.refresh(following)
    assert following.status is Status.SUBMITTED


def test_a_claim_is_assigned_to_a_colleague(
    desk: Browser, under_review: Claim, other_reviewer: User, committed: Session
) -> None:
    answer = press(desk, under_review, "Assign", Assign_to=str(other_reviewer.id))

    assert answer.status_code == 302
    committed.refresh(under_review)
    assert under_review.reviewer_id == other_reviewer.id
    told = desk.page(f"/review/{under_review.reference}").get_text()
    assert f"{other_reviewer.name} has the claim now. No mail tells of it" in told
    history = desk.page(f"/review/{under_review.reference}/history").get_text()
    assert "The claim was given to another reviewer." in history
    assert f"To: {other_reviewer.name}" in history


def test_a_claim_is_given_back_and_the_next_one_is_another(
    desk: Browser, under_review: Claim, file_claim: FileClaim, now: datetime, committed: Session
) -> None:
    later = file_claim(name="Due later", at=now + timedelta(minutes=1))

    assert press(desk, under_review, "Assign", Assign_to="0").status_code == 302

    committed.refresh(under_review)
    assert under_review.reviewer_id is None
    page = desk.page(f"/review/{under_review.reference}")
    assert "The claim is given back: nobody has it now." in page.get_text()
    assert "dispute" not in page.find(id="state").parent.get_text(), "a dispute waits like this too; here is none"
    history = desk.page(f"/review/{under_review.reference}/history").get_text()
    assert "The claim was given back: no reviewer has it." in history
    assert "From: Robin Counts" in history
    assert press_on(desk, page, "Take the next one").location == f"/review/{later.reference}"


def test_after_a_decision_comes_what_the_reviewer_left_undecided(
    desk: Browser, under_review: Claim, file_claim: FileClaim, now: datetime
) -> None:
    free = file_claim(name="Free, and due before", at=now - timedelta(days=3))
    page = desk.page(f"/review/{under_review.reference}")
    assert press_on(desk, page, "Take the next one").location == f"/review/{free.reference}"

    form = form_with(desk.page(f"/review/{free.reference}"), "Approve, then take the next one")
    hidden = {field["name"]: field["value"] for field in form("input", type="hidden")}

    assert desk.post(form["action"], data={**hidden, "then": "next"}).location == f"/review/{under_review.reference}"


def test_assigning_without_a_choice_says_what_is_missing(
    desk: Browser, under_review: Claim, other_reviewer: User
) -> None:
    answer = press(desk, under_review, "Assign", Assign_to="")

    assert answer.status_code == 422
    assert "Choose a reviewer." in read(answer).get_text()


def test_every_access_key_of_a_page_is_there_once(
    desk: Browser, under_review: Claim, file_claim: Callable[..., Claim]
) -> None:
    claim = f"/review/{under_review.reference}"
    for path in ("/review", claim, f"/review/{file_claim().reference}", f"{claim}/proof"):
        keys = ["".join(tag["accesskey"]) for tag in desk.page(path)(accesskey=True)]
        assert len(keys) == len(set(keys))
        assert "n" in keys
    assert sorted(keys) == sorted("aircfhmnopq"), "all that the walk-through names, on the page of the proof too"
