"""A partner reads what its own people were mailed, and never what a customer was."""

import pytest
from sqlalchemy import select

from cpor_web.models import Mail
from cpor_web.rules.statuses import Status
from tests.partners.conftest import Desk
from tests.partners.pages import address, text_of
from tests.support.browser import Browser


def mail_of(desk: Desk, kind: str) -> Mail:
    desk.session.rollback()
    return desk.session.scalars(select(Mail).where(Mail.kind == kind)).one()


def test_the_words_of_a_mail_to_the_partner_are_shown(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.PARTNER_ACTION_REQUIRED)
    mail = mail_of(desk, "information-requested")
    where = address(claim, "mails", str(mail.id))
    assert browser.page(address(claim)).select(f'a[href="{where}"]')
    shown = text_of(browser.page(where))
    assert "Send the date." in shown
    assert mail.to_address in shown


@pytest.mark.parametrize(
    ("fact", "name"),
    [(None, "Claim received"), ("is_disputed", "Dispute received"), ("is_resubmitted", "Resubmission received")],
)
def test_the_list_calls_a_mail_what_its_subject_does(
    browser: Browser, desk: Desk, fact: str | None, name: str
) -> None:
    claim = desk.claim(Status.SUBMITTED)
    mail = mail_of(desk, "claim-received")
    mail.context = mail.context | ({fact: True} if fact else {})
    desk.session.commit()
    where = address(claim, "mails", str(mail.id))
    assert browser.page(address(claim)).select_one(f'a[href="{where}"]').get_text() == name
    assert f"{name}: " in text_of(browser.page(where))


def test_what_a_customer_is_mailed_is_never_shown(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.APPROVED)
    mail = mail_of(desk, "consent-notice")
    where = address(claim, "mails", str(mail.id))
    assert not browser.page(address(claim)).select(f'a[href="{where}"]')
    page = browser.page(where)
    assert "a link that is theirs alone" in text_of(page)
    assert not page.select("pre")


def test_an_erased_mail_says_so(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.PARTNER_ACTION_REQUIRED)
    mail = mail_of(desk, "information-requested")
    mail.erased_at, mail.context = mail.queued_at, {}
    desk.session.commit()
    assert "that was erased" in text_of(browser.page(address(claim, "mails", str(mail.id))))


def test_a_mail_to_reviewers_or_of_another_claim_is_not_there(browser: Browser, desk: Desk) -> None:
    claim, other = desk.claim(Status.SUBMITTED), desk.claim()
    [mail] = desk.session.scalars(select(Mail).where(Mail.claim_id == claim.id)).all()
    assert browser.get(address(other, "mails", str(mail.id))).status_code == 404
    mail.context = {**mail.context, "for_reviewer": True}
    desk.session.commit()
    assert browser.get(address(claim, "mails", str(mail.id))).status_code == 404
