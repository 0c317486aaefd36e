"""Partners are reminded on working days, and whoever was asked in the partner contact's stead is reminded too."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import bouncing, posting, reminders
from cpor_web.clock import CLOCKS_APART
from cpor_web.consent import answers
from cpor_web.emails import outbox
from cpor_web.emails.outcomes import Accepted, Permanent
from cpor_web.models import Claim, Mail, User
from cpor_web.programme import Programme
from cpor_web.rules.roles import Role
from tests.support import claims, factories
from tests.support.claims import NOW

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
MISSPELT = "typo@fabrikam.example.com"


@pytest.fixture
def admin(db_session: Session) -> User:
    return factories.user(db_session, Role.GLOBAL_ADMIN)


@pytest.fixture
def about(db_session: Session, programme: Programme) -> dict[str, Any]:
    return {"session": db_session, "programme": programme}


@pytest.fixture
def sent_back(db_session: Session, programme: Programme, admin: User) -> Claim:
    """A claim that was sent back, with a partner contact whose address does not exist; its mail is not out yet."""
    clerk = factories.user(db_session, Role.INCENTIVES_ADMIN, partner=admin.partner)
    return claims.partner_action_required(
        db_session, programme, is_told=False, filer=clerk, partner_contact_email=MISSPELT
    )


def taken(mail: Mail, *, session: Session, programme: Programme, now: datetime = NOW) -> Mail:
    posting.begin(session, mail.id, now=now, programme=programme)
    posting.settle(session, mail.id, Accepted("250 2.0.0 queued"), now=now, programme=programme)
    return mail


def comes_back(mail: Mail, *, session: Session, programme: Programme) -> None:
    assert bouncing.bounced(session, mail.id, "5.1.1 no such user", now=NOW, programme=programme)
    session.flush()


def mails(session: Session, claim: Claim, kind: str) -> list[Mail]:
    session.flush()
    return list(session.scalars(select(Mail).where(Mail.claim_id == claim.id, Mail.kind == kind).order_by(Mail.id)))


def others_are_asked(claim: Claim, *, session: Session, programme: Programme) -> None:
    """Let the request come back from the partner contact, and reach those who get it instead."""
    request = taken(claims.mail_of(session, claim, "information-requested"), session=session, programme=programme)
    comes_back(request, session=session, programme=programme)
    for mail in mails(session, claim, "information-requested")[1:]:
        taken(mail, session=session, programme=programme)


def reminded(session: Session, programme: Programme, *, now: datetime = NOW, days: int = 9) -> list[tuple[int, str]]:
    """Let those days pass, with two looks a day; return on which of them who was reminded."""
    for at in (now + number * DAY + hours for number in range(days) for hours in (timedelta(), timedelta(hours=2))):
        for claim_id in reminders.reminders_due(session, now=at, programme=programme):
            assert reminders.remind(session, claim_id, now=at, programme=programme)
            assert not reminders.remind(session, claim_id, now=at, programme=programme), "once a day is enough"
    session.flush()
    every = session.scalars(select(Mail).where(Mail.kind == "partner-reminder").order_by(Mail.id))
    return [((mail.queued_at - now).days, mail.to_address) for mail in every]


def test_the_partner_contact_is_reminded_two_business_days_and_one_before_and_on_the_day(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.partner_action_required(db_session, programme)
    contact = claim.partner_contact_email
    assert reminded(db_session, programme) == [(3, contact), (4, contact), (7, contact)]


def test_on_a_day_that_became_a_day_off_only_what_ends_on_it_is_reminded_of(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.partner_action_required(db_session, programme)
    claims.partner_action_required(db_session, programme, now=NOW + DAY)
    assert claim.due_at is not None
    last = programme.calendar.local_day(claim.due_at)
    closed = replace(programme, calendar=programme.calendar.with_closures({last: "Moving house"}))
    on_the_day = [to for day, to in reminded(db_session, closed) if NOW + day * DAY == NOW + 7 * DAY]
    assert on_the_day == [claim.partner_contact_email]


def test_who_was_asked_in_the_contacts_stead_is_reminded(
    about: dict[str, Any], admin: User, sent_back: Claim
) -> None:
    others_are_asked(sent_back, **about)
    both = [sent_back.filed_by.email, admin.email]
    assert reminded(**about) == [(day, to) for day in (3, 4, 7) for to in both]
    assert all(mail.user_id for mail in mails(about["session"], sent_back, "partner-reminder"))


def test_so_is_who_was_asked_to_name_a_right_contact_after_the_mail_was_refused(
    about: dict[str, Any], admin: User
) -> None:
    session, programme = about["session"], about["programme"]
    claim = claims.running(session, programme, filer=admin, partner_contact_email=MISSPELT)
    (invitation,) = claims.invitations_of(session, claim)
    answers.not_the_right_person(session, invitation, now=NOW, programme=programme)
    (asked,) = mails(session, claim, "contact-needed")
    posting.begin(session, asked.id, now=NOW, programme=programme)
    posting.settle(session, asked.id, Permanent("550 5.1.1 no such user"), now=NOW, programme=programme)
    taken(mails(session, claim, "contact-needed")[-1], **about)
    assert reminded(**about) == [(day, admin.email) for day in (3, 4, 7)]


def test_who_has_left_since_is_not_reminded_and_where_nobody_is_left_the_contact_is(
    about: dict[str, Any], admin: User, sent_back: Claim
) -> None:
    others_are_asked(sent_back, **about)
    sent_back.filed_by.active = False
    assert reminded(**about, days=4) == [(3, admin.email)]
    admin.active = False
    assert reminded(**about, days=5)[1:] == [(4, MISSPELT)]


def test_a_contact_whose_address_was_put_right_is_reminded(about: dict[str, Any], sent_back: Claim) -> None:
    others_are_asked(sent_back, **about)
    sent_back.partner_contact_email = "tina@fabrikam.example.com"
    assert reminded(**about, days=4) == [(3, "tina@fabrikam.example.com")]


def test_a_contact_who_has_another_copy_of_the_request_is_reminded(about: dict[str, Any], sent_back: Claim) -> None:
    session = about["session"]
    first = taken(claims.mail_of(session, sent_back, "information-requested"), **about)
    taken(outbox.put_again(session, first, now=NOW), **about)
    comes_back(first, **about)
    assert reminded(**about, days=4) == [(3, MISSPELT)]


def test_a_reminder_of_a_clock_that_was_ahead_takes_no_other_ones_place(
    about: dict[str, Any], sent_back: Claim
) -> None:
    contact = taken(mails(about["session"], sent_back, "information-requested")[0], **about)
    assert sent_back.due_at is not None
    on_the_day, ahead = sent_back.due_at - timedelta(hours=12), sent_back.due_at - timedelta(minutes=1)
    session, programme = about["session"], about["programme"]
    assert reminders.remind(session, sent_back.id, now=ahead, programme=programme)
    assert reminders.remind(session, sent_back.id, now=on_the_day, programme=programme)
    assert not reminders.remind(session, sent_back.id, now=ahead, programme=programme)
    assert {each.to_address for each in mails(session, sent_back, "partner-reminder")} == {contact.to_address}


@pytest.mark.parametrize(("ahead", "goes_out"), [(CLOCKS_APART + SECOND, True), (CLOCKS_APART, False)])
def test_the_digest_goes_out_though_a_clock_that_was_ahead_sent_one(
    db_session: Session, programme: Programme, about: dict[str, Any], ahead: timedelta, goes_out: bool
) -> None:
    factories.user(db_session, Role.ADMINISTRATOR)
    waits = claims.under_review(db_session, programme)
    db_session.flush()
    assert waits.due_at is not None
    today = waits.due_at + timedelta(hours=12)
    assert reminders.send_digest(now=today + ahead, **about)
    assert reminders.send_digest(now=today, **about) is goes_out
