from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import clock, facts
from cpor_web.claims import operations
from cpor_web.claims.drafts import ContactDraft
from cpor_web.models import Claim, Round, User
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Rejection
from cpor_web.rules.statuses import Status
from tests.reviewers.conftest import FileClaim
from tests.reviewers.pages import form_with, press, read
from tests.support.browser import Browser


def test_a_submitted_claim_offers_no_decision(desk: Browser, claim: Claim) -> None:
    buttons = {button.get_text() for button in desk.page(f"/review/{claim.reference}").main("button")}

    assert buttons == {"Start review", "Take the next one", "Assign", "Add comment", "Add note"}


def test_who_starts_a_review_holds_the_claim_and_may_decide(
    desk: Browser, claim: Claim, reviewer: User, committed: Session
) -> None:
    assert press(desk, claim, "Start review").status_code == 302

    committed.refresh(claim)
    assert (claim.status, claim.reviewer_id) == (Status.UNDER_REVIEW, reviewer.id)
    buttons = {button.get_text() for button in desk.page(f"/review/{claim.reference}").main("button")}
    assert {"Approve", "Request information", "Reject"} <= buttons
    assert not {"Start review", "Take over"} & buttons


def test_a_claim_that_another_holds_can_be_taken_over_and_not_decided(
    desk: Browser,
    claim: Claim,
    other_reviewer: User,
    reviewer: User,
    committed: Session,
    programme: Programme,
    now: Any,
) -> None:
    operations.start_review(committed, claim, actor=other_reviewer.actor, now=now, programme=programme)
    committed.commit()
    page = desk.page(f"/review/{claim.reference}")
    buttons = {button.get_text() for button in page.main("button")}
    assert "Sam Raymond holds this claim." in page.main.get_text()
    assert not {"Approve", "Request information", "Reject"} & buttons

    assert press(desk, claim, "Take over").status_code == 302

    committed.refresh(claim)
    assert claim.reviewer_id == reviewer.id
    told = desk.page(f"/review/{claim.reference}").get_text()
    assert "Sam Raymond held it before, and no mail tells of it." in told


def test_approve_opens_a_consent_round_and_says_so(desk: Browser, under_review: Claim, committed: Session) -> None:
    assert press(desk, under_review, "Approve").status_code == 302

    committed.refresh(under_review)
    assert under_review.status is Status.APPROVED
    assert facts.latest_round(committed, under_review)
    page = desk.page(f"/review/{under_review.reference}")
    assert "Approved. The customer is asked by mail." in page.main.get_text()
    assert "The notices are out" not in page.main.get_text()
    assert "The notice is not out yet." in page.main.get_text()


def test_reject_records_the_reason_and_the_comment(desk: Browser, under_review: Claim, committed: Session) -> None:
    answer = press(
        desk, under_review, "Reject", Reason="insufficient-proof-of-execution", Comment="The pages are not signed."
    )

    assert answer.status_code == 302
    committed.refresh(under_review)
    assert under_review.status is Status.REJECTED
    assert under_review.rejection is Rejection.INSUFFICIENT_PROOF
    assert under_review.rejection_comment == "The pages are not signed."
    assert (
        "Rejected: Insufficient proof of execution" in desk.page(f"/review/{under_review.reference}").main.get_text()
    )


def test_the_reasons_to_reject_are_the_reviewers_four_and_none_is_preselected(
    desk: Browser, under_review: Claim
) -> None:
    form = form_with(desk.page(f"/review/{under_review.reference}"), "Reject")
    options = form.find("select")("option")

    assert [option.get_text() for option in options[1:]] == [
        "Insufficient proof of execution",
        "Missing customer consent on PoE",
        "Missing products",
        "PoE unavailable",
    ]
    assert [option["value"] for option in options if option.has_attr("selected")] in ([], [""])


@pytest.mark.parametrize(
    ("reason", "comment", "sentence"),
    [
        ("", "Not signed.", "Choose a reason."),
        ("missing-products", " ", "Write to the partner why."),
        ("customer-decline", "Not signed.", "Not a valid choice."),
        ("missing-products", "x" * 10_001, "Enter at most 10,000 characters."),
    ],
)
def test_an_invalid_rejection_changes_nothing_and_loses_nothing(
    desk: Browser, under_review: Claim, committed: Session, reason: str, comment: str, sentence: str
) -> None:
    answer = press(desk, under_review, "Reject", Reason=reason, Comment=comment)

    assert answer.status_code == 422
    form = form_with(read(answer), "Reject")
    assert sentence in form.get_text()
    assert form.find("textarea").get_text().strip() == comment.strip()
    if reason == "missing-products":
        assert form.select_one(f"option[selected][value={reason}]")
    committed.refresh(under_review)
    assert under_review.status is Status.UNDER_REVIEW


def test_an_address_that_needs_a_reviewers_eye_holds_the_approval_until_it_is_confirmed(
    desk: Browser, file_claim: FileClaim, committed: Session, reviewer: User
) -> None:
    free = ContactDraft(name="Kim Akers", email="kim.akers@gmail.com", reason="Contoso has no mail of its own.")
    claim = file_claim(contact=free)
    press(desk, claim, "Start review")
    page = desk.page(f"/review/{claim.reference}")
    assert "Needs a reviewer's confirmation" in page.main.get_text()
    assert "It is a free-mail address." in page.main.get_text()
    assert "Contoso has no mail of its own." in page.main.get_text()
    assert "Approve" not in {button.get_text() for button in page("button")}
    refused = desk.submit(
        f"/review/{claim.reference}/approve",
        {"seen": page.find("input", attrs={"name": "seen"})["value"]},
        page=f"/review/{claim.reference}",
    )
    assert refused.status_code == 409

    assert press(desk, claim, "Confirm contact").status_code == 302

    committed.refresh(claim)
    assert [contact.confirmed_by_id for contact in claim.contacts] == [reviewer.id]
    assert press(desk, claim, "Approve").status_code == 302


def test_a_contact_of_another_claim_cannot_be_confirmed_through_this_one(
    desk: Browser, under_review: Claim, file_claim: FileClaim, committed: Session
) -> None:
    other = file_claim(contact=ContactDraft(name="Kim Akers", email="kim@gmail.com", reason="Their own."))
    page = f"/review/{under_review.reference}"

    answer = desk.submit(f"{page}/contacts/{other.contacts[0].id}/confirm", {"seen": under_review.version}, page=page)

    assert answer.status_code == 422
    committed.refresh(other.contacts[0])
    assert other.contacts[0].confirmed_by_id is None


def test_no_page_of_staff_shows_a_customers_link(desk: Browser, under_review: Claim, committed: Session) -> None:
    press(desk, under_review, "Approve")
    (round_,) = committed.scalars(select(Round)).all()
    link = round_.invitations[0].link_id

    for path in (f"/review/{under_review.reference}", f"/review/{under_review.reference}/history", "/review/mails"):
        text = desk.get(path).text
        assert "/d/" not in text
        assert link.hex() not in text


def test_who_approves_reads_that_the_check_of_the_proof_is_empty(desk: Browser, under_review: Claim) -> None:
    page = f"/review/{under_review.reference}"
    told = "The check of the proof is empty."
    assert told in desk.page(page).select_one("[aria-labelledby=approve]").get_text()

    form = form_with(desk.page(f"{page}/proof"), "Everything found")
    hidden = {field["name"]: field["value"] for field in form("input", type="hidden")}
    desk.post(form["action"], data={**hidden, "found": "all"})
    assert told not in desk.page(page).select_one("[aria-labelledby=approve]").get_text()


def test_a_disputed_claim_was_rejected_and_is_not_said_to_be(
    desk: Browser,
    under_review_by_another: Claim,
    committed: Session,
    filer: User,
    programme: Programme,
) -> None:
    claim, reason = under_review_by_another, Rejection.INSUFFICIENT_PROOF
    how = {"now": clock.utcnow(), "programme": programme}
    committed.refresh(claim)
    assert claim.reviewer is not None
    operations.reject(committed, claim, reason, "No date.", actor=claim.reviewer.actor, **how)
    committed.commit()
    state = "[aria-labelledby=state]"
    page = f"/review/{claim.reference}"
    assert "Rejected: Insufficient proof of execution" in desk.page(page).select_one(state).get_text()

    operations.dispute(committed, claim, "It has one.", actor=filer.actor, **how)
    committed.commit()

    words = desk.page(page).select_one(state).get_text()
    assert "It was rejected (Insufficient proof of execution); the partner disputes that." in words
    assert "Rejected:" not in words
    assert "It has one." in words, "what is decided on stands where the status does"
    assert "A reviewer takes up the dispute and decides." in words


def test_who_rejected_a_claim_reads_that_another_reviewer_decides_on_its_dispute(
    desk: Browser,
    under_review: Claim,
    committed: Session,
    filer: User,
    other_reviewer: User,
    programme: Programme,
) -> None:
    claim, how = under_review, {"now": clock.utcnow(), "programme": programme}
    committed.refresh(claim)
    assert claim.reviewer not in {None, other_reviewer}
    operations.reject(committed, claim, Rejection.INSUFFICIENT_PROOF, "No date.", actor=claim.reviewer.actor, **how)
    operations.dispute(committed, claim, "It has one.", actor=filer.actor, **how)
    committed.commit()

    page = desk.page(f"/review/{claim.reference}")

    begin = page.select_one("[aria-labelledby=begin]")
    why = "You rejected this claim. Another reviewer decides on its dispute."
    assert why in begin.get_text()
    assert why in desk.page(f"/review/{under_review.reference}/proof").get_text(), "and not that nobody holds it"
    assert "Not for you: you rejected it" in desk.page("/review").select_one("tbody tr").get_text()
    assert not begin.select("button")
    assert "It has one." in page.find(id=page.select_one("[aria-labelledby=state] p a")["href"][1:]).parent.get_text()
