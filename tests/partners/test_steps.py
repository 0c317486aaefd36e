"""What a partner does with a claim, and what happens where the rules refuse."""

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import clock, proofs
from cpor_web.claims import contacts
from cpor_web.claims.drafts import ContactDraft
from cpor_web.consent import answers, stops
from cpor_web.extensions import db
from cpor_web.models import Claim, Comment, Document, Invitation, Mail
from cpor_web.moments import exactly
from cpor_web.rules.reasons import Withdrawal
from cpor_web.rules.statuses import Status
from tests.partners.conftest import Desk, form_of
from tests.partners.pages import a_file, address, buttons, messages, text_of
from tests.support.browser import Browser


def stopped(desk: Desk) -> Claim:
    """Return an approved claim whose contact said that they are not the right person."""
    claim: Claim = desk.claim(Status.APPROVED)
    [invitation] = desk.session.scalars(select(Invitation)).all()
    answers.not_the_right_person(desk.session, invitation, now=clock.utcnow(), programme=desk.programme)
    desk.session.commit()
    return claim


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


def test_a_document_of_one_claim_is_not_found_under_another(browser: Browser, desk: Desk) -> None:
    claim, other = desk.claim(Status.SUBMITTED), desk.claim()
    [document] = desk.documents_of(claim)
    assert browser.get(address(other, "documents", str(document.id))).status_code == 404


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
    sent = {"seen": desk.now_of(claim).version}
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


def test_no_other_contact_is_asked_for_once_a_reviewer_let_the_time_go_on(browser: Browser, desk: Desk) -> None:
    claim = stopped(desk)
    needed = "Another contact is needed instead of:"
    assert needed in text_of(browser.page(address(claim)))
    [invitation] = desk.session.scalars(select(Invitation)).all()
    how = {"actor": desk.reviewer.actor, "now": clock.utcnow(), "programme": desk.programme}
    invitation.taken_at = clock.utcnow()
    contacts.let_go_on(desk.session, claim, "It was a slip, she writes.", **how)
    desk.session.commit()
    assert needed not in text_of(browser.page(address(claim)))


def test_a_draft_is_deleted_only_after_asking(browser: Browser, committed: Session, desk: Desk) -> None:
    claim = desk.claim()
    where = address(claim, "delete")
    assert buttons(browser.page(where)) == {"Delete draft"}
    assert desk.now_of(claim).deleted_at is None
    assert browser.submit(where, {"seen": claim.version}, page=where).location == "/claims"
    assert desk.now_of(claim).deleted_at is not None
    assert browser.get(address(claim)).status_code == 404


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


def test_what_was_submitted_is_never_deleted(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.SUBMITTED)
    answer = browser.submit(address(claim, "delete"), {"seen": claim.version}, page=address(claim))
    assert answer.status_code == 409
    assert desk.now_of(claim).deleted_at is None


def test_a_stored_document_that_was_never_committed_is_no_document(
    browser: Browser, committed: Session, desk: Desk
) -> None:
    claim = desk.claim(Status.UNDER_REVIEW)
    answer = browser.submit(address(claim, "documents"), {"document": a_file("late.txt")}, page=address(claim))
    assert answer.status_code == 409
    committed.rollback()
    assert [each.filename for each in committed.scalars(select(Document))] == ["proof.txt"]


def test_a_right_contact_is_proposed_while_the_period_stands_still(browser: Browser, desk: Desk) -> None:
    claim = stopped(desk)
    assert "Name another contact" in buttons(browser.page(address(claim)))
    where = address(claim, "contact")
    [old] = claim.contacts
    sent = {
        "seen": claim.version,
        "instead_of": str(old.id),
        "contact_name": "Dan Dahl",
        "contact_email": "dan@contoso.example.com",
        "contact_language": "sv",
    }
    wrong = browser.submit(where, {**sent, "contact_email": "dan"}, page=where)
    assert wrong.status_code == 422
    assert "Dan Dahl" in wrong.text
    assert browser.submit(where, sent, page=where).location == address(claim)
    assert "You proposed Dan Dahl (dan@contoso.example.com)" in text_of(browser.page(address(claim)))


def test_who_is_astray_is_preselected_and_named_with_the_reason(browser: Browser, desk: Desk) -> None:
    second = ContactDraft("Carlo Conti", "", "carlo@contoso.example.com")
    claim = desk.claim(Status.APPROVED, second=second)
    [_, invitation] = desk.session.scalars(select(Invitation).order_by(Invitation.id)).all()
    answers.not_the_right_person(desk.session, invitation, now=clock.utcnow(), programme=desk.programme)
    desk.session.commit()
    why = "Carlo Conti (carlo@contoso.example.com): They say that they are not the right person."
    assert why in text_of(browser.page(address(claim)))
    page = browser.page(address(claim, "contact"))
    assert why in text_of(page)
    assert [option.get_text() for option in page.select("#instead_of option")] == ["Carlo Conti"]
    assert "the claim is rejected" not in text_of(page), "no deadline runs before our mail is out"
    stops.set_contact_clock(invitation.round, clock.utcnow(), desk.programme)
    desk.session.commit()
    due = invitation.round.contact_due_at
    assert due is not None
    until = exactly(due, "en", desk.programme.calendar.zone.key)
    told = f"Without a right contact by {until}, the claim is rejected."
    assert told in text_of(browser.page(address(claim, "contact")))
    assert "before the claim can be approved" not in text_of(page), "it is approved"


def test_where_nobody_is_astray_nobody_is_preselected(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.APPROVED, second=ContactDraft("Carlo Conti", "", "carlo@contoso.example.com"))
    [invitation, _] = desk.session.scalars(select(Invitation).order_by(Invitation.id)).all()
    stops.stop(desk.session, claim, invitation.round, now=clock.utcnow(), why=stops.DENIED_BY_REPLACED)
    desk.session.commit()
    offered = browser.page(address(claim, "contact")).select("#instead_of option")
    assert [option.get_text() for option in offered] == ["Choose…", "Carla Conti", "Carlo Conti"]


def test_no_contact_is_proposed_while_the_period_runs(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.APPROVED)
    where = address(claim, "contact")
    sent = {"contact_name": "Dan Dahl", "contact_email": "dan@contoso.example.com", "contact_language": "en"}
    answer = browser.submit(where, {"seen": claim.version, **sent}, page=address(claim))
    assert answer.status_code == 409
    assert "Dan Dahl" in answer.text


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
