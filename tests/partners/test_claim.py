"""A claim's page: where it stands, who may see it, and what the rules offer."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from bs4 import Tag
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.claims import contacts, lapsing, operations
from cpor_web.consent import answers, rounds
from cpor_web.models import Invitation
from cpor_web.moments import exactly
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Way
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from tests.partners.conftest import Desk
from tests.partners.pages import address, buttons, text_of
from tests.support import factories
from tests.support.browser import Browser
from tests.support.claims import mail_of, take_notice

BUTTONS = {
    Status.EDITING: {"Edit", "Delete draft", "Upload"},
    Status.SUBMITTED: {"Edit", "Request rejection", "Upload", "Add comment"},
    Status.UNDER_REVIEW: {"Request rejection", "Add comment"},
    Status.PARTNER_ACTION_REQUIRED: {"Edit", "Resubmit", "Request rejection", "Upload", "Add comment"},
    Status.APPROVED: {"Request rejection", "Add comment", "Upload"},
    Status.REJECTED: {"Dispute", "Add comment"},
}


@pytest.mark.parametrize("status", list(Status))
def test_the_buttons_are_those_that_the_rules_offer(browser: Browser, desk: Desk, status: Status) -> None:
    assert buttons(browser.page(address(desk.claim(status)))) == BUTTONS[status] | {"New claim from this one"}


def test_what_a_reviewer_asks_for_leads_to_where_it_is_answered(browser: Browser, desk: Desk) -> None:
    asked = browser.page(address(desk.claim(Status.PARTNER_ACTION_REQUIRED))).find(id="asked")
    assert isinstance(asked, Tag)
    assert [link["href"] for link in asked("a")] == ["#proof", "#comments"]


@pytest.mark.parametrize("status", list(Status))
def test_a_viewer_reads_everything_and_presses_nothing(
    client: Browser, committed: Session, sign_in: Callable[..., Browser], desk: Desk, status: Status
) -> None:
    claim = desk.claim(status)
    viewer = factories.user(committed, Role.VIEWER, partner=desk.user.partner)
    committed.commit()
    page = sign_in(client, viewer).page(address(claim))
    assert buttons(page) == set()
    assert "Contoso" in text_of(page)


@pytest.mark.parametrize("role", sorted({Role.VIEWER, Role.REVIEWER}))
@pytest.mark.parametrize(
    "verb", ["submit", "resubmit", "documents", "comments", "dispute", "new", "request-rejection", "delete", "edit"]
)
def test_who_may_not_change_finds_nothing_to_post_to(
    client: Browser, committed: Session, sign_in: Callable[..., Browser], desk: Desk, role: Role, verb: str
) -> None:
    claim = desk.claim()
    partner = desk.user.partner if role is Role.VIEWER else None
    other = factories.user(committed, role, partner=partner)
    committed.commit()
    page = "/claims" if role is Role.VIEWER else "/review"
    answer = sign_in(client, other).submit(address(claim, verb), {"seen": claim.version}, page=page)
    assert answer.status_code == 404
    assert desk.now_of(claim).version == claim.version


@pytest.mark.parametrize("more", [(), ("edit",), ("history",), ("history.csv",), ("documents", "1")])
def test_another_partners_claim_does_not_exist(
    browser: Browser, committed: Session, desk: Desk, more: tuple[str, ...]
) -> None:
    stranger = factories.user(committed)
    committed.commit()
    claim = desk.claim(user=stranger)
    assert browser.get(address(claim, *more)).status_code == 404


def test_the_page_says_who_acts_next_and_by_which_moment(browser: Browser, desk: Desk) -> None:
    page = browser.page(address(desk.claim(Status.SUBMITTED)))
    shown = text_of(page)
    assert "A reviewer starts the review." in shown
    deadline = page.find(class_="deadline")
    assert isinstance(deadline, Tag)
    assert deadline.find("time") is not None
    assert "23:59:59 CET" in deadline.get_text() or "23:59:59 CEST" in deadline.get_text()
    assert deadline.find("details") is not None


def test_approved_is_said_not_to_be_paid_and_to_be_provisional(browser: Browser, desk: Desk) -> None:
    page = browser.page(address(desk.claim(Status.APPROVED)))
    shown = text_of(page)
    assert "Approved is not paid" in shown
    assert "provisionally" in shown
    guide = page.find("a", string="See the programme guide")
    assert isinstance(guide, Tag)
    assert guide["href"] == desk.programme.guide_url


def test_the_day_of_the_proof_is_told_in_words(browser: Browser, desk: Desk) -> None:
    details = browser.page(address(desk.claim(proof_date="2026-04-30"))).select_one("[aria-labelledby=details]")
    assert "30 Apr 2026" in details.get_text()


def test_a_rejection_is_told_with_reason_words_and_how_to_dispute(browser: Browser, desk: Desk) -> None:
    shown = text_of(browser.page(address(desk.claim(Status.REJECTED))))
    assert "Reason: Insufficient proof of execution" in shown
    assert "No signature." in shown
    assert "You can dispute this" in shown
    assert "23:59:59" in shown


def test_mails_are_shown_with_their_state_and_never_a_customers_link(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.APPROVED)
    page = browser.page(address(claim))
    section = page.find("section", attrs={"aria-labelledby": "mails"})
    assert isinstance(section, Tag)
    shown = section.get_text()
    assert "Consent notice" in shown
    assert "carla@contoso.example.com" in shown
    assert "Queued" in shown
    own = [row for row in section("tr") if row("a")]
    assert all("frida@fabrikam.example.org" in row.get_text() for row in own)
    assert {str(link["href"]).rpartition("/")[0] for link in section("a")} == {address(claim, "mails")}


def test_internal_notes_are_nowhere_for_the_partner(browser: Browser, committed: Session, desk: Desk) -> None:
    claim = desk.claim(Status.UNDER_REVIEW)
    operations.note(committed, claim, "Looks forged.", actor=desk.reviewer.actor, now=clock.utcnow())
    committed.commit()
    for more in ((), ("history",), ("history.csv",)):
        text = browser.get(address(claim, *more)).text
        assert "forged" not in text
        assert "internal note" not in text


def test_what_the_reviewer_asks_for_is_on_the_page(browser: Browser, desk: Desk) -> None:
    shown = text_of(browser.page(address(desk.claim(Status.PARTNER_ACTION_REQUIRED))))
    assert "Missing or old dates: The year" in shown
    assert "Send the date." in shown


def test_the_partner_reads_why_the_customer_denied(browser: Browser, committed: Session, desk: Desk) -> None:
    claim = desk.claim(Status.APPROVED)
    [invitation] = committed.scalars(select(Invitation)).all()
    answers.deny(
        committed,
        invitation,
        reason=Denial.NO_LONGER_OUR_PARTNER,
        words="Since May.",
        way=Way.PAGE,
        now=clock.utcnow(),
        programme=desk.programme,
    )
    committed.commit()
    shown = text_of(browser.page(address(claim)))
    assert "Customer decline" in shown
    assert "No longer our partner" in shown
    assert "Since May." in shown
    assert "must say yes explicitly" in shown


def test_what_is_asked_for_stands_with_the_status_and_the_upload_leads_there_and_to_resubmit(
    browser: Browser, desk: Desk
) -> None:
    page = browser.page(address(desk.claim(Status.PARTNER_ACTION_REQUIRED)))
    proof, status = (
        page.find(attrs={"aria-labelledby": "proof"}),
        page.find(attrs={"aria-labelledby": "status-title"}),
    )
    assert isinstance(proof, Tag)
    assert isinstance(status, Tag)
    asked, button = status.find(id="asked"), status.find(id="resubmit")
    assert isinstance(asked, Tag)
    assert isinstance(button, Tag)
    assert "Missing or old dates: The year" in asked.get_text()
    assert "Send the date." in asked.get_text()
    assert button.find("button", string="Resubmit")
    assert "The year" not in proof.get_text()
    upload = proof.find("button", string="Upload")
    assert isinstance(upload, Tag)
    before, after = upload.find_previous("a", href="#asked"), upload.find_next("a", href="#resubmit")
    assert before in proof("a")
    assert after in proof("a")


def test_what_was_not_answered_in_time_is_said_beside_the_reason(
    browser: Browser, committed: Session, desk: Desk
) -> None:
    claim = desk.claim(Status.PARTNER_ACTION_REQUIRED)
    mail = mail_of(committed, claim, "information-requested")
    operations.request_taken(committed, mail, now=clock.utcnow(), programme=desk.programme)
    over = clock.utcnow() + timedelta(days=20)
    assert lapsing.lapse(committed, claim.id, now=over, programme=desk.programme)
    committed.commit()
    status = browser.page(address(claim)).find(attrs={"aria-labelledby": "status-title"})
    assert isinstance(status, Tag)
    words = " ".join(status.get_text(" ").split())
    assert words.index("No partner response") < words.index("Missing or old dates: The year")
    assert "Send the date." in words


def test_a_late_denial_is_said_to_have_come_late(browser: Browser, committed: Session, desk: Desk) -> None:
    claim = desk.claim(Status.APPROVED)
    [invitation] = committed.scalars(select(Invitation)).all()
    how: dict[str, Any] = {"now": clock.utcnow(), "programme": desk.programme}
    close(committed, invitation, **how)
    answers.deny(committed, invitation, reason=Denial.OTHER, words="We left.", way=Way.PAGE, **how)
    committed.commit()
    status = browser.page(address(claim)).find(attrs={"aria-labelledby": "status-title"})
    assert isinstance(status, Tag)
    told = " ".join(status.get_text(" ").split())
    assert "Reason: Customer decline The customer denied it after the consent period." in told
    assert "The customer's reason: Other" in told
    assert told.count("Reason:") == 1
    sentence = "The customer denied the association after the consent period."
    assert sentence in text_of(browser.page(address(claim, "history")))
    assert mail_of(committed, claim, "rejected").context["is_late"] is True


def test_silence_is_told_as_silence_and_not_as_the_denial_before(
    browser: Browser, committed: Session, desk: Desk
) -> None:
    claim = desk.claim(Status.APPROVED)
    [first] = committed.scalars(select(Invitation)).all()
    how: dict[str, Any] = {"now": clock.utcnow(), "programme": desk.programme}
    answers.deny(committed, first, reason=Denial.NOT_OUR_PARTNER, words="We left.", way=Way.PAGE, **how)
    operations.dispute(committed, claim, "They are back.", actor=desk.user.actor, **how)
    by_reviewer = {**how, "actor": desk.reviewer.actor}
    operations.take_over(committed, claim, **by_reviewer)
    operations.approve(committed, claim, **by_reviewer)
    committed.flush()
    [second] = committed.scalars(select(Invitation).where(Invitation.id != first.id)).all()
    close(committed, second, **how)
    committed.commit()
    assert second.round.ends_at is not None
    until = exactly(second.round.ends_at, "en", desk.programme.calendar.zone.key)

    status = browser.page(address(claim)).find(attrs={"aria-labelledby": "status-title"})
    assert isinstance(status, Tag)
    told = " ".join(status.get_text(" ").split())
    assert f"This claim needed the customer's explicit yes, and none came by {until}." in told
    assert "We left." not in told
    assert "Not our partner" not in told
    mail = mail_of(committed, claim, "rejected")
    assert (mail.context["no_yes_by"], mail.context["comment"]) == (second.round.ends_at.isoformat(), "")


def test_what_waits_for_a_reply_to_be_read_is_said_without_its_words(
    browser: Browser, committed: Session, desk: Desk
) -> None:
    claim = desk.claim(Status.APPROVED)
    contacts.note_reply(committed, claim, actor=desk.reviewer.actor, now=clock.utcnow())
    committed.commit()
    status = browser.page(address(claim)).find(attrs={"aria-labelledby": "status-title"})
    assert isinstance(status, Tag)
    told = " ".join(status.get_text(" ").split())
    assert "A reviewer reads the reply; the consent period is not closed before." in told
    assert "Who acts next A reviewer" in told
    assert status.find(class_="deadline") is None


def close(session: Session, invitation: Invitation, *, now: datetime, programme: Programme) -> None:
    """Let the notice be taken eight days before and the period pass."""
    before = now - timedelta(days=9)
    take_notice(session, programme, invitation, now=before)
    assert rounds.close(session, invitation.round_id, now=now, programme=programme)
    session.flush()
