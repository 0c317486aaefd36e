"""What a partner does with a claim, and what happens where the rules refuse."""

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.consent import answers
from cpor_web.models import Claim, Comment, Invitation, Mail
from cpor_web.rules.reasons import Withdrawal
from cpor_web.rules.statuses import Status
from tests.partners.conftest import Desk, form_of
from tests.partners.pages import a_file, address, buttons, messages, text_of
from tests.support.browser import Browser


@pytest.mark.parametrize("seen", [{}, {"seen": ""}, {"seen": "x"}, {"seen": "9" * 25}])
@pytest.mark.parametrize("verb", ["submit", "delete", "request-rejection"])
def test_a_decision_that_does_not_say_what_was_seen_is_refused(
    browser: Browser, desk: Desk, verb: str, seen: dict[str, str]
) -> None:
    claim = desk.claim()
    browser.submit(address(claim, "documents"), {"document": a_file()}, page=address(claim))
    answer = browser.submit(address(claim, verb), seen, page=address(claim))
    assert answer.status_code == 400
    after = desk.now_of(claim)
    assert (after.status, after.deleted_at) == (Status.EDITING, None)


def test_a_draft_with_proof_is_submitted(browser: Browser, desk: Desk) -> None:
    claim = desk.claim()
    browser.submit(address(claim, "documents"), {"document": a_file()}, page=address(claim))
    page = browser.page(address(claim))
    assert "Submit for approval" in buttons(page)
    browser.submit(address(claim, "submit"), {"seen": desk.now_of(claim).version}, page=address(claim))
    assert desk.now_of(claim).status is Status.SUBMITTED


def test_submitting_twice_is_told_and_does_nothing_more(browser: Browser, committed: Session, desk: Desk) -> None:
    claim = desk.claim()
    browser.submit(address(claim, "documents"), {"document": a_file()}, page=address(claim))
    sent = {"seen": desk.now_of(claim).version}
    first = browser.submit(address(claim, "submit"), sent, page=address(claim))
    second = browser.submit(address(claim, "submit"), sent, page=address(claim))
    assert (first.status_code, second.status_code) == (302, 409)
    assert "The claim was submitted for approval." in messages(second.text)
    committed.rollback()
    mails = committed.scalars(select(Mail).where(Mail.claim_id == claim.id, Mail.kind == "claim-received")).all()
    assert len(mails) == 1


def test_without_proof_nothing_is_submitted(browser: Browser, desk: Desk) -> None:
    claim = desk.claim()
    answer = browser.submit(address(claim, "submit"), {"seen": claim.version}, page=address(claim))
    assert answer.status_code == 409
    assert "Upload at least one proof" in messages(answer.text)
    assert desk.now_of(claim).status is Status.EDITING


def test_a_comment_is_kept_and_does_not_stop_the_clock(browser: Browser, committed: Session, desk: Desk) -> None:
    claim = desk.claim(Status.PARTNER_ACTION_REQUIRED)
    page = browser.page(address(claim))
    assert "A comment alone does not stop the clock" in text_of(page)
    browser.submit(address(claim, "comments"), {"comment": "On its way."}, page=address(claim))
    assert desk.now_of(claim).status is Status.PARTNER_ACTION_REQUIRED
    assert [each.body for each in committed.scalars(select(Comment))] == ["On its way."]
    assert "On its way." in text_of(browser.page(address(claim)))


def test_a_comment_that_is_too_long_is_not_lost(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.SUBMITTED)
    answer = browser.submit(address(claim, "comments"), {"comment": "word " * 3000}, page=address(claim))
    assert answer.status_code == 422
    assert "word word word" in answer.text


def test_resubmitting_on_a_page_that_is_older_is_told_with_what_changed(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.PARTNER_ACTION_REQUIRED)
    old = claim.version
    browser.submit(address(claim, "comments"), {"comment": "Wait for this."}, page=address(claim))
    answer = browser.submit(address(claim, "resubmit"), {"seen": old}, page=address(claim))
    assert answer.status_code == 409
    assert "A comment was added. (Frida Falk (Incentives admin)" in messages(answer.text)
    assert desk.now_of(claim).status is Status.PARTNER_ACTION_REQUIRED
    sent = {"seen": desk.now_of(claim).version, "as_it_is": "y"}
    assert browser.submit(address(claim, "resubmit"), sent, page=address(claim)).status_code == 302
    assert desk.now_of(claim).status is Status.SUBMITTED


def test_what_nothing_was_added_to_is_resubmitted_only_with_words_or_a_confirmation(
    browser: Browser, desk: Desk, committed: Session
) -> None:
    for more, said in (({"comment": "It is all there."}, ["It is all there."]), ({"as_it_is": "y"}, [])):
        claim = desk.claim(Status.PARTNER_ACTION_REQUIRED)
        sent = {"seen": claim.version}
        asked = browser.submit(address(claim, "resubmit"), sent, page=address(claim))
        assert asked.status_code == 422
        assert "you added no document, no comment and no change" in asked.text
        assert "error-summary" not in asked.text, "nothing is wrong yet"
        again = browser.submit(address(claim, "resubmit"), {**sent, "was_shown": "yes"}, page=address(claim))
        assert "confirm that there is nothing to add" in again.text
        assert desk.now_of(claim).status is Status.PARTNER_ACTION_REQUIRED
        answer = browser.submit(address(claim, "resubmit"), {**sent, "was_shown": "yes", **more}, page=address(claim))
        assert answer.status_code == 302
        assert desk.now_of(claim).status is Status.SUBMITTED
        bodies = committed.scalars(select(Comment.body).where(Comment.claim_id == claim.id)).all()
        assert list(bodies) == said


def test_what_a_comment_alone_answers_is_resubmitted_only_once_confirmed(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.PARTNER_ACTION_REQUIRED)
    browser.submit(address(claim, "comments"), {"comment": "The right one follows."}, page=address(claim))
    sent = {"seen": desk.now_of(claim).version}
    asked = browser.submit(address(claim, "resubmit"), sent, page=address(claim))
    assert asked.status_code == 422
    assert "you wrote a comment, but added no document and changed nothing" in asked.text
    assert desk.now_of(claim).status is Status.PARTNER_ACTION_REQUIRED
    browser.submit(address(claim, "resubmit"), {**sent, "as_it_is": "y"}, page=address(claim))
    assert desk.now_of(claim).status is Status.SUBMITTED


def test_a_rejection_is_requested_for_one_of_three_reasons(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.UNDER_REVIEW)
    where = address(claim, "request-rejection")
    labels = [label.get_text(strip=True) for label in browser.page(where)("label")]
    assert labels[:3] == [each.label for each in Withdrawal]
    none = browser.submit(where, {"seen": claim.version, "comment": "We stopped."}, page=where)
    assert none.status_code == 422
    assert "We stopped." in none.text
    assert desk.now_of(claim).status is Status.UNDER_REVIEW
    chosen = {"seen": claim.version, "detail": Withdrawal.INCORRECT_ACTIVITY.value}
    assert browser.submit(where, chosen, page=where).location == address(claim)
    claim = desk.now_of(claim)
    assert (claim.status, claim.rejection_detail) == (Status.REJECTED, Withdrawal.INCORRECT_ACTIVITY)
    assert "Partner request" in text_of(browser.page(address(claim)))


def test_before_a_rejection_is_requested_it_is_said_what_it_does_and_that_the_customer_has_no_objection(
    browser: Browser, committed: Session, desk: Desk
) -> None:
    claim = desk.claim(Status.APPROVED)
    where = address(claim, "request-rejection")
    assert "no reviewer decides on it" in text_of(browser.page(where))
    assert "no objection" not in text_of(browser.page(where))
    [invitation] = committed.scalars(select(Invitation)).all()
    answers.no_objection(committed, invitation, now=clock.utcnow(), programme=desk.programme)
    committed.commit()
    assert "The customer has said that they have no objection" in text_of(browser.page(where))


def test_before_a_rejection_is_requested_no_dispute_is_promised_that_was_used(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.REJECTED)
    browser.submit(address(claim, "dispute"), {"justification": "It is signed."}, page=address(claim))
    said = text_of(browser.page(address(claim, "request-rejection")))
    assert "you can dispute it once" not in said
    assert "this rejection is final" in said


def test_a_withdrawn_claim_says_who_of_the_partner_asked(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.UNDER_REVIEW)
    where = address(claim, "request-rejection")
    chosen = {"seen": claim.version, "detail": Withdrawal.INCORRECT_ACTIVITY.value}
    browser.submit(where, chosen, page=where)
    status = browser.page(address(claim)).find(attrs={"aria-labelledby": "status-title"})
    assert status is not None
    words = " ".join(status.get_text(" ").split())
    assert "Your organisation asked for this rejection." in words
    assert "Asked for by: Frida Falk (Incentives admin)" in words


def test_a_rejection_is_disputed_with_words_or_a_document(browser: Browser, desk: Desk) -> None:
    by_words, by_document = desk.claim(Status.REJECTED), desk.claim(Status.REJECTED)
    browser.submit(address(by_words, "dispute"), {"justification": "It is signed."}, page=address(by_words))
    browser.submit(address(by_document, "dispute"), {"document": a_file("b.txt")}, page=address(by_document))
    for claim in (by_words, by_document):
        assert desk.now_of(claim).is_disputed
        assert "Disputed" in text_of(browser.page(address(claim)))
    state = browser.page(address(by_words)).select_one("[aria-labelledby=status-title]").get_text(" ")
    assert "You dispute the rejection (" in state
    assert "It is signed." in state
    assert [document.filename for document in desk.documents_of(by_document)] == ["proof.txt", "b.txt"]


def test_a_dispute_needs_something(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.REJECTED)
    answer = browser.submit(address(claim, "dispute"), page=address(claim))
    assert answer.status_code == 422
    assert "business justification" in answer.text
    assert not desk.now_of(claim).is_disputed


def test_who_disputes_second_is_told_and_loses_no_word(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.REJECTED)
    browser.submit(address(claim, "dispute"), {"justification": "First."}, page=address(claim))
    answer = browser.submit(address(claim, "dispute"), {"justification": "My long words."}, page=address(claim))
    assert answer.status_code == 409
    assert "My long words." in answer.text


def test_a_new_claim_copies_the_fields_but_not_the_proof(browser: Browser, committed: Session, desk: Desk) -> None:
    claim = desk.claim(Status.REJECTED)
    assert desk.user.partner is not None
    answer = browser.submit(address(claim, "new"), form_of(desk.user.partner), page=address(claim, "new"))
    committed.rollback()
    fresh = committed.scalars(select(Claim).where(Claim.id != claim.id)).one()
    assert answer.location == address(fresh)
    assert (fresh.status, fresh.name, fresh.tenant_id) == (Status.EDITING, claim.name, claim.tenant_id)
    assert fresh.product_keys == claim.product_keys
    assert desk.documents_of(fresh) == []


def test_fresh_proof_on_an_approved_claim_says_that_it_changes_nothing_else(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.APPROVED)
    page = browser.page(address(claim))
    assert page.find("a", string="Add fresh proof of execution")["href"] == "#proof"
    assert "It starts no review, moves no deadline, and asks the customer nothing." in text_of(page)
    sent = {"document": a_file()}
    answer = browser.submit(address(claim, "documents"), sent, page=address(claim), follow_redirects=True)
    assert "Nothing else changes: reviewers see it where another partner claims the same." in messages(answer.text)
    assert desk.now_of(claim).status is Status.APPROVED


def test_a_draft_is_deleted_only_after_asking(browser: Browser, committed: Session, desk: Desk) -> None:
    claim = desk.claim()
    where = address(claim, "delete")
    assert buttons(browser.page(where)) == {"Delete draft"}
    assert desk.now_of(claim).deleted_at is None
    assert browser.submit(where, {"seen": claim.version}, page=where).location == "/claims"
    assert desk.now_of(claim).deleted_at is not None
    assert browser.get(address(claim)).status_code == 404


def test_what_was_submitted_is_never_deleted(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.SUBMITTED)
    answer = browser.submit(address(claim, "delete"), {"seen": claim.version}, page=address(claim))
    assert answer.status_code == 409
    assert desk.now_of(claim).deleted_at is None


@pytest.mark.parametrize(
    ("what", "status", "why"),
    [
        ("delete", Status.SUBMITTED, "Only drafts can be deleted. What was ever submitted stays."),
        ("delete", Status.REJECTED, "Only drafts can be deleted. What was ever submitted stays."),
        ("request-rejection", Status.EDITING, "“Request rejection” is not possible while a claim is “Editing”."),
        ("contact", Status.APPROVED, "A contact is corrected only while the consent period stands still for it."),
    ],
)
def test_nobody_is_asked_about_what_would_be_refused(
    browser: Browser, desk: Desk, what: str, status: Status, why: str
) -> None:
    page = browser.page(address(desk.claim(status), what), status=409)
    assert why in text_of(page)
    assert page.find("form", action=re.compile(f"/{what}$"), method="post") is None
