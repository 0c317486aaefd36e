"""What follows from a mail that started the partner's clock and came back."""

from datetime import datetime, timedelta

from sqlalchemy import select

from cpor_web.claims import lapsing, operations, posting
from cpor_web.emails import outbox
from cpor_web.emails.outcomes import Permanent
from cpor_web.models import (
    Claim,
    Mail,
    MailState,
    User,
)
from cpor_web.programme import Programme
from cpor_web.rules import deadlines
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from tests.incoming.conftest import LATER, Desk, take
from tests.support import claims, factories
from tests.support.claims import NOW, mail_of
from tests.support.one_mail import newest
from tests.support.returned_mail import report


def asked(desk: Desk) -> tuple[Claim, Mail, User]:
    """A claim that was sent back, whose partner contact has the mail that says so; the partner has a Global admin."""
    claim = claims.partner_action_required(desk.session, desk.programme, is_told=False)
    admin = factories.user(desk.session, Role.GLOBAL_ADMIN, partner=claim.partner)
    claim.partner_contact_email = "gone@elsewhere.example.org"
    mail = mail_of(desk.session, claim, "information-requested")
    mail.to_address = claim.partner_contact_email
    take(desk, mail, now=NOW)
    assert claim.due_at is not None
    return claim, mail, admin


def test_a_request_that_came_back_goes_to_the_others_and_the_clock_stops_until_one_is_taken(desk: Desk) -> None:
    claim, mail, admin = asked(desk)
    desk.bounce(mail)
    assert (claim.due_at, claim.due_rule) == (None, None)
    assert desk.told(claim, "information-requested") == sorted([claim.filed_by.email, admin.email])
    later = LATER + timedelta(days=1)
    take(desk, mail_of(desk.session, claim, "information-requested"), now=later)
    days = desk.programme.periods.partner
    assert claim.due_at == deadlines.business_days("partner", later, days, desk.programme.calendar).at


def copies(desk: Desk, claim: Claim, kind: str = "information-requested") -> list[Mail]:
    """Return the mails to the others at the partner."""
    mails = select(Mail).where(Mail.claim_id == claim.id, Mail.kind == kind, Mail.user_id.is_not(None))
    return list(desk.session.scalars(mails.order_by(Mail.id)))


def partners_time(desk: Desk, period: str, since: datetime) -> datetime:
    return deadlines.business_days(period, since, desk.programme.periods.partner, desk.programme.calendar).at


def test_if_the_mails_to_the_others_come_back_too_the_clock_does_not_stop_again(desk: Desk) -> None:
    """Whoever gets them can send such a report, and could else stop its own clock for good."""
    claim, mail, _ = asked(desk)
    desk.bounce(mail)
    for other in copies(desk, claim):
        take(desk, other, now=LATER)
    due = partners_time(desk, "partner", LATER)
    for number, other in enumerate(copies(desk, claim)):
        desk.bounce(other, now=LATER + timedelta(days=1, hours=number))
        assert claim.due_at == due
    assert len(desk.told(claim, "information-requested")) == 2, "nobody is mailed without end"


def test_if_no_other_can_be_told_either_the_clock_goes_on_with_its_full_time(desk: Desk) -> None:
    claim, mail, _ = asked(desk)
    desk.bounce(mail)
    first, second = copies(desk, claim)
    for number, other in enumerate((first, second), start=1):
        assert claim.due_at is None
        at = LATER + timedelta(days=number)
        posting.begin(desk.session, other.id, now=at, programme=desk.programme)
        posting.settle(desk.session, other.id, Permanent("550 no"), now=at, programme=desk.programme)
    assert claim.due_at == partners_time(desk, "partner", LATER + timedelta(days=2))


def test_where_nobody_else_is_there_to_be_told_the_time_counts_anew_from_the_report(desk: Desk) -> None:
    claim, mail, admin = asked(desk)
    admin.active = claim.filed_by.active = False
    desk.bounce(mail)
    assert claim.due_at == partners_time(desk, "partner", LATER)
    again = outbox.put_again(desk.session, mail, now=LATER)
    desk.session.flush()
    take(desk, again, now=LATER)
    desk.bounce(again, now=LATER + timedelta(days=1))
    assert claim.due_at == partners_time(desk, "partner", LATER), "it was stopped once more"


def test_where_no_mail_was_ever_taken_nobody_was_asked_and_no_time_runs(desk: Desk) -> None:
    claim = claims.partner_action_required(desk.session, desk.programme, is_told=False)
    mail = mail_of(desk.session, claim, "information-requested")
    for each in (mail, *copies(desk, claim)):
        posting.begin(desk.session, each.id, now=LATER, programme=desk.programme)
        posting.settle(desk.session, each.id, Permanent("550 no"), now=LATER, programme=desk.programme)
    assert claim.due_at is None


def test_a_deadline_does_not_pass_over_a_report_that_has_come_and_is_not_drawn_yet(desk: Desk) -> None:
    claim, mail, _ = asked(desk)
    assert claim.due_at is not None
    desk.receive(report(desk.returns.address(mail.id), mail.to_address), now=claim.due_at)
    after = {"now": claim.due_at + timedelta(seconds=1), "programme": desk.programme}
    assert not lapsing.lapse(desk.session, claim.id, **after)
    desk.settle(now=after["now"])
    assert claim.due_at is None
    assert not lapsing.lapse(desk.session, claim.id, **after)


def test_a_request_that_was_answered_meanwhile_moves_no_clock_when_it_comes_back(desk: Desk) -> None:
    claim, mail, _ = asked(desk)
    operations.resubmit(desk.session, claim, actor=claim.filed_by.actor, now=LATER, programme=desk.programme)
    due = claim.due_at
    desk.bounce(mail)
    assert (claim.status, claim.due_at) == (Status.SUBMITTED, due)
    assert desk.told(claim, "information-requested") == []


def test_a_question_for_a_contact_that_came_back_goes_to_the_others_and_stops_that_clock(
    desk: Desk, claim: Claim, notice: Mail
) -> None:
    admin = factories.user(desk.session, Role.GLOBAL_ADMIN, partner=claim.partner)
    desk.bounce(notice)
    question = mail_of(desk.session, claim, "contact-needed")
    question.to_address = "gone@elsewhere.example.org"
    take(desk, question, now=LATER)
    assert desk.round(claim).contact_due_at is not None
    later = LATER + timedelta(hours=3)
    desk.bounce(question, now=later)
    assert desk.round(claim).contact_due_at is None
    assert desk.told(claim, "contact-needed", since=later) == sorted([claim.filed_by.email, admin.email])
    take(desk, mail_of(desk.session, claim, "contact-needed"), now=later)
    days = desk.programme.periods.partner
    due = deadlines.business_days("contact", later, days, desk.programme.calendar)
    assert desk.round(claim).contact_due_at == due.at
    desk.bounce(copies(desk, claim, "contact-needed")[-1], now=later + timedelta(days=1))
    assert desk.round(claim).contact_due_at == due.at


def test_that_a_mail_about_a_bounce_came_back_is_told_to_nobody(desk: Desk, claim: Claim, notice: Mail) -> None:
    desk.bounce(notice)
    told = mail_of(desk.session, claim, "not-delivered")
    take(desk, told, now=LATER)
    before = desk.told(claim, "not-delivered")
    desk.bounce(told)
    assert told.state is MailState.BOUNCED
    assert desk.told(claim, "not-delivered") == before


def test_a_mail_without_a_claim_that_came_back_is_marked(desk: Desk, programme: Programme) -> None:
    from cpor_web.emails.catalogue import to_people

    user = factories.user(desk.session)
    to_people.invitation(desk.session, user, now=NOW, programme=programme)
    mail = newest(desk.session)
    take(desk, mail, now=NOW)
    desk.bounce(mail)
    assert (mail.state, mail.bounced_at) == (MailState.BOUNCED, LATER)
