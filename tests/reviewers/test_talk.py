import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.models import Claim, Comment, Mail
from tests.reviewers.pages import form_with, press, read
from tests.support.browser import Browser


def test_a_comment_is_mailed_to_the_partner_and_a_note_to_nobody(
    desk: Browser, under_review: Claim, committed: Session
) -> None:
    before = len(committed.scalars(select(Mail)).all())

    assert press(desk, under_review, "Add comment", Comment="Which tenant is it?").status_code == 302
    assert press(desk, under_review, "Add note", Internal_note="Ask legal first.").status_code == 302

    assert [comment.body for comment in committed.scalars(select(Comment))] == ["Which tenant is it?"]
    mails = committed.scalars(select(Mail).order_by(Mail.id)).all()[before:]
    assert [(mail.kind, mail.to_address) for mail in mails] == [("new-comment", "pat@fabrikam.example.org")]
    page = desk.page(f"/review/{under_review.reference}").main.get_text()
    assert "Which tenant is it?" in page
    assert "Ask legal first." in page
    assert "Never shown to the partner" in page


@pytest.mark.parametrize(
    ("button", "label", "sentence"),
    [("Add comment", "Comment", "Write a comment first."), ("Add note", "Internal_note", "Write a note first.")],
)
def test_an_empty_comment_or_note_is_not_added(
    desk: Browser, under_review: Claim, button: str, label: str, sentence: str
) -> None:
    answer = press(desk, under_review, button, **{label: "  "})

    assert answer.status_code == 422
    assert sentence in form_with(read(answer), button).get_text()
