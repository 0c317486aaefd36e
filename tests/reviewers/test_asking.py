from datetime import datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import contacts, operations, posting
from cpor_web.claims.drafts import ContactDraft
from cpor_web.consent import answers, rounds, stops
from cpor_web.emails.outcomes import Accepted
from cpor_web.models import Answer, Claim, Mail, MailState, Round, RoundState, User
from cpor_web.moments import exactly
from cpor_web.programme import Programme
from cpor_web.reviewers import words
from cpor_web.rules.reasons import Denial, Way
from cpor_web.rules.statuses import Status
from tests.reviewers.pages import form_with, press, read
from tests.support import claims
from tests.support.browser import Browser


def notice(session: Session) -> Mail:
    """The newest consent notice."""
    return session.scalars(select(Mail).where(Mail.kind == "consent-notice").order_by(Mail.id.desc())).first()


def round_of(session: Session, claim: Claim) -> Round:
    session.expire_all()
    return session.scalars(select(Round).where(Round.claim_id == claim.id)).one()


@pytest.fixture
def asked(under_review: Claim, committed: Session, reviewer: User, programme: Programme, now: datetime) -> Claim:
    """An approved claim whose customer has had the notice."""
    operations.approve(committed, under_review, actor=reviewer.actor, now=now, programme=programme)
    rounds.notice_taken(committed, notice(committed), now=now, programme=programme)
    committed.commit()
    return under_review


@pytest.fixture
def bounced(asked: Claim, committed: Session, programme: Programme, now: datetime) -> Claim:
    """The same, and the notice has come back."""
    stops.notice_failed(committed, notice(committed), now=now, programme=programme)
    committed.commit()
    return asked


def test_the_page_says_until_when_the_customer_may_deny(desk: Browser, asked: Claim, committed: Session) -> None:
    page = desk.page(f"/review/{asked.reference}")

    assert "The mail server took the notice." in page.main.get_text()
    assert page.find("time", datetime=round_of(committed, asked).ends_at.isoformat())


def test_a_bounced_notice_is_told_of_and_nothing_can_be_corrected_before_the_partner_proposes(
    desk: Browser, bounced: Claim
) -> None:
    page = desk.page(f"/review/{bounced.reference}").main

    assert "The notice came back." in page.get_text()
    assert "The partner has not proposed another contact yet." in page.get_text()
    assert "Correct contact" not in {button.get_text() for button in page("button")}


def test_done_with_a_notice_that_came_back_says_who_is_asked_for_what_and_until_when(
    desk: Browser, bounced: Claim, committed: Session, programme: Programme, now: datetime
) -> None:
    mail = notice(committed)
    mail.state, mail.due_at, mail.bounced_at, mail.ended_at = MailState.BOUNCED, None, now, now
    mail.message_id = "<1@vendor.example.com>"
    asking = claims.mail_of(committed, bounced, "contact-needed")
    posting.begin(committed, asking.id, now=now, programme=programme)
    posting.settle(committed, asking.id, Accepted("250 2.0.0 queued"), now=now, programme=programme)
    committed.commit()

    desk.submit(f"/review/mails/{mail.id}/done", page="/review/mails")

    due = round_of(committed, bounced).contact_due_at
    assert due is not None
    told = desk.page("/review/mails").main.get_text()
    assert "nothing is left to be done about this mail" in told
    assert "Due next: The right customer contact is needed" in told
    assert f"The partner, by {exactly(due, 'en', 'Europe/Berlin')}." in told


def test_correct_contact_asks_the_proposed_contact_with_a_window_of_their_own(
    desk: Browser, bounced: Claim, committed: Session, filer: User, programme: Programme, now: datetime
) -> None:
    right = ContactDraft(name="Max Benson", email="max@contoso-mail.example.com", reason="Contoso moved its mail.")
    contacts.propose_contact(
        committed,
        bounced,
        right,
        instead_of=bounced.contacts[0].id,
        actor=filer.actor,
        now=now,
        programme=programme,
    )
    committed.commit()
    words = desk.page(f"/review/{bounced.reference}").main.get_text(" ", strip=True)
    for expected in ("Max Benson", "not within the customer's domain", "Contoso moved its mail."):
        assert expected in words
    assert "The partner proposes another customer contact." in desk.page("/review").main.get_text()

    assert press(desk, bounced, "Correct contact").status_code == 302

    round_ = round_of(committed, bounced)
    assert round_.state is RoundState.WAITING
    assert round_.ends_at is not None, "the end that it had"
    page = desk.page(f"/review/{bounced.reference}").main
    assert "The contact is corrected: Max Benson is asked now" in page.get_text()
    assert page.find(id="consent").parent.find("time", datetime=round_.ends_at.isoformat()) is None, "none runs"
    assert notice(committed).to_address == "max@contoso-mail.example.com"
    assert desk.page("/review").select_one("#asked") is None


def proposed(session: Session, claim: Claim, filer: User, programme: Programme, now: datetime) -> None:
    """Let the partner propose somebody who reads German."""
    junk = ContactDraft(name="Hanna Hart", email="hanna@contoso.example.com", language="de")
    about = {"actor": filer.actor, "now": now, "programme": programme}
    contacts.propose_contact(session, claim, junk, instead_of=claim.contacts[0].id, **about)
    session.commit()


def test_a_proposed_contact_is_shown_with_the_language_that_they_are_asked_in(
    desk: Browser, bounced: Claim, committed: Session, filer: User, programme: Programme, now: datetime
) -> None:
    proposed(committed, bounced, filer, programme, now)
    assert "hanna@contoso.example.com, Deutsch" in desk.page(f"/review/{bounced.reference}").main.get_text()


def test_a_proposed_contact_is_turned_down_with_a_sentence_that_the_partner_reads(
    desk: Browser, bounced: Claim, committed: Session, filer: User, programme: Programme, now: datetime
) -> None:
    proposed(committed, bounced, filer, programme, now)
    refused = press(desk, bounced, "Turn down", Why_they_will_not_do=" ")
    assert refused.status_code == 422
    assert "Say why this contact will not do." in form_with(read(refused), "Turn down").get_text()

    assert press(desk, bounced, "Turn down", Why_they_will_not_do="Who is she?").status_code == 302
    page = desk.page(f"/review/{bounced.reference}").main
    assert "The partner has not proposed another contact yet." in page.get_text()
    assert "Turn down" not in {button.get_text() for button in page("button")}
    history = desk.page(f"/review/{bounced.reference}/history").main.get_text()
    assert "The proposed contact Hanna Hart was turned down" in history
    assert "Why: Who is she?" in history


def test_a_stopped_period_goes_on_only_with_a_reason(
    desk: Browser, asked: Claim, committed: Session, now: datetime
) -> None:
    stops.stop(committed, asked, round_of(committed, asked), now=now, why=stops.WRONG_PERSON)
    committed.commit()

    refused = press(desk, asked, "Let the period go on", Why_it_goes_on=" ")
    assert refused.status_code == 422
    assert "Say why the consent period goes on." in form_with(read(refused), "Let the period go on").get_text()

    assert press(desk, asked, "Let the period go on", Why_it_goes_on="She is in charge.").status_code == 302
    assert round_of(committed, asked).state is RoundState.RUNNING


def test_a_period_whose_notice_was_not_delivered_does_not_go_on(desk: Browser, bounced: Claim) -> None:
    where = f"/review/{bounced.reference}"
    page = desk.page(where)
    assert "Let the period go on" not in {button.get_text() for button in page("button")}, "it can only be refused"
    assert "the right contact must be named first" in page.main.get_text()
    sent = {"go-on-why": "We could just wait.", "seen": str(bounced.version)}
    answer = desk.submit(f"{where}/go-on", sent, page=where)

    assert answer.status_code == 409
    assert "A notice was not delivered: the right contact must be named first." in answer.text
    assert "We could just wait." in answer.text


def test_a_reply_holds_the_closing_until_it_is_read(
    desk: Browser, asked: Claim, committed: Session, reviewer: User, programme: Programme
) -> None:
    assert press(desk, asked, "Hold for a reply").status_code == 302
    assert round_of(committed, asked).reply_at is not None
    page = f"/review/{asked.reference}"
    assert "A person at the customer has replied." in desk.page("/review").main.get_text()
    assert f"{reviewer.name} (Reviewer) noted this by hand" in desk.page(page).main.get_text()
    assert f"in the mailbox that replies go to, {programme.reply_to}." in desk.page(page).main.get_text()
    form = form_with(desk.page(page), "Record the reply")
    assert not form.select("input[checked]")

    said_nothing = press(desk, asked, "Record the reply", The_words_of_the_reply="Thanks!")
    assert said_nothing.status_code == 422
    assert "Choose what the reply says." in said_nothing.text

    typed = {"seen": asked.version, "reply-says": "does-not-deny", "reply-evidence": "Thanks!"}
    assert desk.submit(f"{page}/reply/read", typed, page=page).status_code == 302

    assert round_of(committed, asked).reply_at is None
    assert round_of(committed, asked).state is RoundState.RUNNING
    history = desk.page(f"{page}/history").main.get_text()
    assert "What the reply says: It does not deny the association" in history


def test_a_reply_that_denies_is_recorded_with_its_words(desk: Browser, asked: Claim, committed: Session) -> None:
    press(desk, asked, "Hold for a reply")
    page = f"/review/{asked.reference}"
    typed = {"seen": asked.version, "reply-says": "denies", "reply-evidence": "They never worked for us."}

    assert desk.submit(f"{page}/reply/read", typed, page=page).status_code == 302

    committed.refresh(asked)
    assert asked.status is Status.REJECTED
    (answer,) = committed.scalars(select(Answer)).all()
    assert (answer.way, answer.words) == (Way.REPLY, "They never worked for us.")
    words = desk.page(page).main.get_text(" ", strip=True)
    assert "Kim Akers denied" in words
    assert "in a reply that a reviewer read" in words


def test_a_round_that_a_restored_association_lengthened_explains_its_end(
    desk: Browser, asked: Claim, committed: Session, programme: Programme, now: datetime
) -> None:
    round_ = round_of(committed, asked)
    late = round_.ends_at - timedelta(minutes=1)
    (invitation,) = round_.invitations
    answers.deny(committed, invitation, reason=Denial.OTHER, way=Way.PAGE, now=late, programme=programme)
    answers.undo(committed, invitation, now=late, programme=programme)
    committed.commit()

    page = desk.page(f"/review/{asked.reference}")

    assert page.find("time", datetime=(late + timedelta(hours=24)).isoformat())
    assert "Kim Akers restored the association" in page.main.get_text(" ", strip=True)


@pytest.mark.parametrize("why", list(words.STOPS))
def test_a_stopped_period_says_truly_why(
    desk: Browser, asked: Claim, committed: Session, now: datetime, why: str
) -> None:
    stops.stop(committed, asked, round_of(committed, asked), now=now, why=why)
    committed.commit()

    section = desk.page(f"/review/{asked.reference}").select_one("[aria-labelledby=consent]").get_text()

    assert [each for each in words.STOPS.values() if each in section] == [words.STOPS[why]]


def test_once_a_replaced_contacts_denial_was_looked_at_a_later_stop_says_its_own_reason(
    desk: Browser, asked: Claim, committed: Session, reviewer: User, programme: Programme, now: datetime
) -> None:
    stops.stop(committed, asked, round_of(committed, asked), now=now, why=stops.DENIED_BY_REPLACED)
    committed.commit()
    assert "A contact who was replaced denied." in desk.page("/review").select_one("#asked").parent.get_text()
    assert "has not proposed another contact" not in desk.page(f"/review/{asked.reference}").main.get_text()

    contacts.let_go_on(committed, asked, "He has left.", actor=reviewer.actor, now=now, programme=programme)
    stops.notice_failed(committed, notice(committed), now=now, programme=programme)
    committed.commit()

    assert desk.page("/review").select_one("#asked") is None
    section = desk.page(f"/review/{asked.reference}").select_one("[aria-labelledby=consent]").get_text()
    assert words.STOPS[stops.NOT_DELIVERED] in section
    assert words.STOPS[stops.DENIED_BY_REPLACED] not in section


def test_what_is_wrong_with_a_form_that_has_gone_from_the_page_is_told_without_a_link(
    desk: Browser, asked: Claim
) -> None:
    page = f"/review/{asked.reference}"
    answer = desk.submit(f"{page}/go-on", {"go-on-why": "", "seen": str(asked.version)}, page=page)

    summary = BeautifulSoup(answer.text, "html.parser").find(id="errors-go-on")
    assert answer.status_code == 422
    assert summary.li
    assert not summary("a")


def test_words_for_a_period_that_goes_on_already_are_not_lost(
    desk: Browser, asked: Claim, committed: Session, reviewer: User, programme: Programme, now: datetime
) -> None:
    stops.stop(committed, asked, round_of(committed, asked), now=now, why=stops.DENIED_BY_REPLACED)
    committed.commit()
    old = desk.page(f"/review/{asked.reference}")
    contacts.let_go_on(committed, asked, "He has left.", actor=reviewer.actor, now=now, programme=programme)
    committed.commit()

    form = form_with(old, "Let the period go on")
    data = {field["name"]: field["value"] for field in form("input", type="hidden")}
    answer = desk.post(form["action"], data=data | {"go-on-why": "He left in May, she says."})

    assert answer.status_code == 409
    alert = BeautifulSoup(answer.text, "html.parser").select_one("[role=alert]").get_text(" ", strip=True)
    assert "What you wrote was not sent: He left in May, she says." in alert
    assert "below" not in alert
