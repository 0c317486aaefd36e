"""What follows from a notice that came back: before its window closes, after it, and of which copy."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import contacts, operations, posting
from cpor_web.claims.drafts import ContactDraft
from cpor_web.consent import rounds
from cpor_web.emails.outcomes import Accepted, Unknown
from cpor_web.incoming import settling
from cpor_web.models import (
    Assessment,
    Claim,
    Handover,
    Invitation,
    Mail,
    MailState,
    RoundState,
)
from cpor_web.programme import Programme
from cpor_web.rules.statuses import Status
from tests.incoming.conftest import CARLA, LATER, MUCH_LATER, Desk, passed
from tests.support import claims
from tests.support.claims import NOW, invitations_of, mail_of, take_notice
from tests.support.returned_mail import out_of_office, receipt, reply, report
from tests.support.rows import changed, dump


def test_a_hard_bounce_stops_the_window_and_tells_partner_and_reviewer(
    desk: Desk, claim: Claim, notice: Mail
) -> None:
    desk.bounce(notice, diagnostic="smtp; 550 5.1.1 <carla@contoso.example.com>: unknown")
    assert (notice.state, notice.bounced_at) == (MailState.BOUNCED, LATER)
    assert notice.bounce == "5.1.1 550 5.1.1 <carla@contoso.example.com>: unknown"
    assert notice.answer == "250 2.0.0 queued", "what the server said first is forgotten"
    assert desk.round(claim).state is RoundState.STOPPED
    assert claim.reviewer is not None
    both = sorted([claim.partner_contact_email or "", claim.reviewer.email])
    assert desk.told(claim, "not-delivered") == both
    assert desk.told(claim, "contact-needed") == [claim.partner_contact_email]
    assert desk.told(claim, "consent-notice") == []
    assert [kind for kind in desk.events(claim) if kind in {"mail:bounced", "consent:stopped"}] == [
        "mail:bounced",
        "consent:stopped",
    ]
    failed = mail_of(desk.session, claim, "not-delivered").context
    assert failed["answer"] == notice.bounce


def test_no_customer_is_mailed_because_of_a_bounce(desk: Desk, claim: Claim, notice: Mail) -> None:
    desk.bounce(notice)
    to_customers = select(Mail).where(Mail.invitation_id.is_not(None), Mail.queued_at >= LATER)
    assert not desk.session.scalars(to_customers).all()


@pytest.mark.parametrize("times", [2, 3])
def test_the_same_bounce_again_changes_nothing(desk: Desk, claim: Claim, notice: Mail, times: int) -> None:
    desk.bounce(notice)
    before = dump(desk.session)
    for number in range(times):
        desk.bounce(notice)  # the same bytes
        desk.bounce(notice, status=f"5.{number}.0")  # another report about it
    assert set(changed(before, dump(desk.session))) == {"received_mails"}


@pytest.mark.parametrize(
    "raw",
    [
        lambda desk, mail: report(f"returns+{mail.id}-{'0' * 22}@vendor.example.com", mail.to_address),
        lambda desk, mail: report("cpor@vendor.example.com", mail.to_address),
        lambda desk, mail: report(desk.returns.address(mail.id), "carlo@contoso.example.com"),
        lambda desk, mail: report(desk.returns.address(mail.id), mail.to_address, action="delivered", status="2.0.0"),
        lambda desk, mail: out_of_office(mail.to_address, to="cpor@vendor.example.com", answers=mail.message_id),
        lambda desk, mail: out_of_office(mail.to_address, to=desk.returns.address(mail.id), answers=""),
        lambda desk, mail: receipt(mail.to_address, to=desk.returns.address(mail.id)),
        lambda desk, mail: reply("MAILER-DAEMON@old.example.com", "No", to=desk.returns.address(mail.id)),
        lambda desk, mail: reply("sales@adatum.example.org", "Buy now."),
    ],
    ids=["forged", "unsigned", "another", "delivered", "away", "away to us", "receipt", "no report", "unrelated"],
)
def test_what_is_forged_or_automatic_decides_nothing(
    desk: Desk, claim: Claim, notice: Mail, raw: Callable[[Desk, Mail], bytes]
) -> None:
    before = dump(desk.session)
    desk.take(raw(desk, notice))
    assert set(changed(before, dump(desk.session))) == {"received_mails"}


def test_a_delay_is_put_on_record_once_and_decides_nothing(desk: Desk, claim: Claim, notice: Mail) -> None:
    before = dump(desk.session)
    for number in range(2):
        desk.bounce(notice, action="delayed", status=f"4.4.{number}", returned=f"Subject: {number}\n\n".encode())  # type: ignore[arg-type]
    assert desk.events(claim).count("mail:delayed") == 1
    assert "mails" not in changed(before, dump(desk.session))
    assert desk.round(claim).state is RoundState.RUNNING


def test_a_bounce_that_comes_before_the_mail_is_noted_as_sent_waits(
    desk: Desk, db_session: Session, programme: Programme
) -> None:
    claim = claims.approved(db_session, programme)
    notice = mail_of(db_session, claim, "consent-notice")
    posting.begin(db_session, notice.id, now=NOW, programme=programme)
    received = desk.bounce(notice)
    assert settling.settle(db_session, received.id, now=LATER, programme=programme) is False
    assert (notice.state, received.settled_at) == (MailState.SENDING, None)

    posting.settle(db_session, notice.id, Accepted("250 Ok"), now=LATER, programme=programme)
    assert desk.round(claim).state is RoundState.RUNNING
    desk.settle()
    assert desk.round(claim).state is RoundState.STOPPED
    assert received.settled_at == LATER


def test_a_bounce_of_a_mail_in_doubt_settles_the_doubt(desk: Desk, db_session: Session, programme: Programme) -> None:
    claim = claims.approved(db_session, programme)
    notice = mail_of(db_session, claim, "consent-notice")
    for _ in range(2):
        posting.begin(db_session, notice.id, now=NOW, programme=programme)
        posting.settle(db_session, notice.id, Unknown("timed out"), now=NOW, programme=programme)
    assert notice.state is MailState.UNKNOWN
    desk.bounce(notice)
    assert notice.state is MailState.BOUNCED
    assert desk.round(claim).state is RoundState.STOPPED


# Copies


def send_again(desk: Desk, claim: Claim, *, now: datetime) -> Mail:
    """Let the reviewer send the notice again, and the server take it."""
    assert claim.reviewer is not None
    notice = mail_of(desk.session, claim, "consent-notice")
    again = operations.send_again(desk.session, notice, actor=claim.reviewer.actor, now=now)
    (invitation,) = invitations_of(desk.session, claim)
    take_notice(desk.session, desk.programme, invitation, now=now)
    return again


def test_the_bounce_of_an_earlier_copy_stops_nothing_once_a_newer_one_was_taken(
    desk: Desk, claim: Claim, notice: Mail
) -> None:
    send_again(desk, claim, now=LATER)
    desk.bounce(notice, now=LATER + timedelta(hours=1))
    assert notice.state is MailState.BOUNCED
    assert desk.round(claim).state is RoundState.RUNNING
    assert len(desk.told(claim, "not-delivered")) == 2


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_when_every_copy_came_back_the_window_stands_still_in_whichever_order(
    desk: Desk, claim: Claim, notice: Mail, order: tuple[int, int]
) -> None:
    copies = [notice, send_again(desk, claim, now=LATER)]
    for number in order:
        desk.bounce(copies[number], now=LATER + timedelta(hours=1))
    assert desk.round(claim).state is RoundState.STOPPED
    assert desk.events(claim).count("consent:stopped") == 1


def test_the_newest_copy_counts_though_an_earlier_one_stands(desk: Desk, claim: Claim) -> None:
    desk.bounce(send_again(desk, claim, now=LATER))
    assert desk.round(claim).state is RoundState.STOPPED


def test_the_bounce_of_a_replaced_contacts_notice_stops_nothing(
    desk: Desk, claim: Claim, notice: Mail, programme: Programme
) -> None:
    desk.bounce(notice)
    carlo = replace_contact(desk, claim)
    desk.bounce(notice, status="5.2.0", now=LATER + timedelta(hours=2))
    assert desk.round(claim).state is RoundState.RUNNING
    assert carlo.bounced_at is None


def replace_contact(desk: Desk, claim: Claim) -> Invitation:
    """Let the partner name another contact, a reviewer confirm it, and the server take the new notice."""
    about = {"now": LATER + timedelta(hours=1), "programme": desk.programme}
    assert claim.reviewer is not None
    carlo = ContactDraft(name="Carlo Conti", title="", email="carlo@contoso.example.com")
    first = claim.contacts[0].id
    contacts.propose_contact(desk.session, claim, carlo, instead_of=first, actor=claim.filed_by.actor, **about)
    contacts.correct_contact(desk.session, claim, actor=claim.reviewer.actor, **about)
    invitation = invitations_of(desk.session, claim)[-1]
    take_notice(desk.session, desk.programme, invitation, now=LATER + timedelta(hours=1))
    return invitation


# After the window


def test_a_late_bounce_flags_the_assessment_once_and_tells_people(desk: Desk, claim: Claim, notice: Mail) -> None:
    passed(desk, claim)
    for status in ("5.1.1", "5.1.2"):
        desk.bounce(notice, status=status, now=MUCH_LATER)
    record = desk.session.scalars(select(Assessment).where(Assessment.claim_id == claim.id)).one()
    assert (record.ended_at, record.ended_why) == (MUCH_LATER, "notice not delivered")
    assert claim.status is Status.APPROVED, "taken back without a person"
    assert desk.events(claim).count("assessment:flagged") == 1
    assert len(desk.told(claim, "not-delivered", since=MUCH_LATER)) == 2
    assert desk.told(claim, "contact-needed", since=MUCH_LATER) == []


def test_a_late_bounce_sends_the_operators_assessor_its_correction_once(
    desk: Desk, claim: Claim, notice: Mail, programme: Programme
) -> None:
    from dataclasses import replace

    desk.programme = replace(programme, assessor="webhook")
    passed(desk, claim)
    for status in ("5.1.1", "5.1.2"):
        desk.bounce(notice, status=status, now=MUCH_LATER)
    desk.session.flush()
    bodies = desk.session.scalars(select(Handover.body).order_by(Handover.id)).all()
    assert [(body["type"], body["data"]["why"]) for body in bodies] == [
        ("assess", ""),
        ("ended", "notice not delivered"),
    ]


def test_a_late_bounce_does_not_end_an_association_that_was_ended_or_denied(
    desk: Desk, db_session: Session, programme: Programme
) -> None:
    claim = claims.denied(db_session, programme)
    before = claim.status, desk.round(claim).state
    desk.bounce(mail_of(db_session, claim, "consent-notice"))
    assert (claim.status, desk.round(claim).state) == before
    assert "assessment:flagged" not in desk.events(claim)


def test_no_window_closes_over_a_bounce_that_has_come_and_is_not_drawn_yet(
    desk: Desk, claim: Claim, notice: Mail
) -> None:
    round_ = desk.round(claim)
    assert round_.closes_at is not None
    desk.receive(report(desk.returns.address(notice.id), CARLA), now=round_.closes_at)
    assert not rounds.close(desk.session, round_.id, now=round_.closes_at, programme=desk.programme)
    desk.settle(now=round_.closes_at)
    assert desk.round(claim).state is RoundState.STOPPED
