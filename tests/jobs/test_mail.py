"""The drain of the outbox: what the mail server says becomes a state, and everything that follows from it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from cpor_web.claims import posting
from cpor_web.clock import utcnow
from cpor_web.emails import outbox, recalling
from cpor_web.emails.marking import Marks
from cpor_web.emails.outbox import Recipient
from cpor_web.emails.transport import Transport
from cpor_web.models import Claim, Event, Mail, MailState, Round, RoundState
from cpor_web.programme import Programme
from cpor_web.rules.deadlines import business_days
from jobs.mail import BATCH, drain
from tests.jobs.mails import notice_of
from tests.support import claims, factories
from tests.support.claims import invitations_of, mail_of
from tests.support.smtp_server import ScriptedServer
from tests.support.statements import counted

MOST_STATEMENTS = 42
"""For the looks before and after it, its lease, and the two transactions of sending it."""

OPEN = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND state LIKE 'idle in transaction%'
"""


def test_a_mail_that_was_taken_is_sent_and_starts_the_customers_days(
    claim: Claim, committed: Session, programme: Programme, smtp_server: ScriptedServer
) -> None:
    drain()
    (received,) = smtp_server.mails
    notice = notice_of(committed, claim)
    assert (notice.state, notice.attempts) == (MailState.SENT, 1)
    assert notice.answer.startswith("250 2.0.0 Ok: queued as")
    assert notice.message_id == received.message["Message-ID"]
    assert notice.dated_at == parsedate_to_datetime(received.message["Date"])
    assert received.mail_from == programme.mail_from
    (invitation,) = invitations_of(committed, claim)
    assert invitation.round.state is RoundState.RUNNING
    assert invitation.round.ends_at == invitation.printed_end
    assert _events(committed, claim)[-2:] == ["consent:started", "mail:sent"]


def test_what_was_put_off_is_logged_once_a_drain_by_its_codes_and_by_no_word_that_was_said(
    claim: Claim,
    committed: Session,
    programme: Programme,
    smtp_server: ScriptedServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    claims.approved(committed, programme, now=utcnow())
    committed.commit()
    smtp_server.drop("RCPT", times=2)  # the kept connection, and the one in its place
    smtp_server.fail("RCPT", "450 4.1.1 <carla@secret.example.org>: unverified address", times=1)
    smtp_server.fail("RCPT", "452 4.3.1 Full")
    drain()
    (line,) = [each.getMessage() for each in caplog.records if each.name == "jobs.mail"]
    others = sum(command.startswith("RCPT") for command in smtp_server.commands) - 3
    assert line == f"put off: no answer (1), 450 4.1.1 (1), 452 4.3.1 ({others})"


def test_a_drain_of_one_notice_asks_little_of_the_database(
    claim: Claim, work: Flask, smtp_server: ScriptedServer
) -> None:
    with counted(work) as said:
        drain()
    assert len(smtp_server.mails) == 1
    assert len(said) <= MOST_STATEMENTS, said


def test_nobody_connects_to_the_mail_server_before_a_mail_is_due(
    claim: Claim, committed: Session, smtp_server: ScriptedServer
) -> None:
    notice = notice_of(committed, claim)
    notice.due_at = utcnow() + timedelta(minutes=1)
    committed.commit()
    drain()
    assert smtp_server.connections == 0
    notice.due_at, notice.leased_until = utcnow(), utcnow() + timedelta(minutes=1)
    committed.commit()
    drain()
    assert smtp_server.connections == 0, "another worker has it"
    notice.leased_until = utcnow()
    committed.commit()
    drain()
    assert smtp_server.connections == 1
    assert notice_of(committed, claim).state is MailState.SENT


def test_a_mail_whose_worker_was_stopped_is_taken_back_though_no_other_is_due(
    claim: Claim, committed: Session, programme: Programme, smtp_server: ScriptedServer
) -> None:
    began = utcnow() - timedelta(hours=1)
    assert posting.begin(committed, notice_of(committed, claim).id, now=began, programme=programme)
    committed.commit()
    assert notice_of(committed, claim).state is MailState.SENDING
    drain()
    assert notice_of(committed, claim).state is MailState.SENT
    assert len(smtp_server.mails) == 1


def test_a_mail_is_offered_while_its_mark_is_committed_and_only_its_text_waits(
    claim: Claim, committed: Session, smtp_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Any] = []

    def note(owner: type, name: str) -> None:
        do = getattr(owner, name)

        def noted(*about: Any, **more: Any) -> Any:
            done.append(name)
            if name == "hand_over":
                done.append(committed.scalar(select(Mail.state).where(Mail.kind == "consent-notice")))
            return do(*about, **more)

        monkeypatch.setattr(owner, name, noted)

    for owner, name in ((Marks, "begin"), (Transport, "offer"), (Marks, "is_marked"), (Transport, "hand_over")):
        note(owner, name)
    drain()
    assert len(smtp_server.mails) == 1
    assert done == ["begin", "offer", "is_marked", "hand_over", MailState.SENDING]


def test_what_was_offered_and_is_not_to_be_sent_after_all_goes_nowhere(
    claim: Claim, committed: Session, smtp_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (invitation,), begin = invitations_of(committed, claim), Marks.begin

    def begin_too_late(*about: Any, **more: Any) -> None:
        recalling.call_back(committed, invitation.id, why="it was called back", now=utcnow())
        committed.commit()
        begin(*about, **more)

    monkeypatch.setattr(Marks, "begin", begin_too_late)
    drain()
    assert any(command.startswith("DATA") for command in smtp_server.commands)
    assert not smtp_server.mails
    assert notice_of(committed, claim).state is MailState.REFUSED


def test_one_drain_works_off_more_than_a_batch_over_one_connection(
    claim: Claim, committed: Session, smtp_server: ScriptedServer
) -> None:
    told, reader = mail_of(committed, claim, "approved"), Recipient("reader@fabrikam.example.org", "", "en")
    for _ in range(BATCH):
        outbox.put(committed, "approved", reader, told.context, now=utcnow(), claim_id=claim.id)
    committed.commit()
    drain()
    assert len(smtp_server.mails) == BATCH + 1
    assert smtp_server.connections == 1


def test_a_mail_that_was_refused_stops_the_clock_and_tells_partner_and_reviewer(
    claim: Claim, committed: Session, smtp_server: ScriptedServer
) -> None:
    smtp_server.fail("RCPT", "550 5.1.1 No such user", address="carla@contoso.example.com")
    drain()
    notice = notice_of(committed, claim)
    assert (notice.state, notice.answer) == (MailState.REFUSED, "550 5.1.1 No such user")
    (invitation,) = invitations_of(committed, claim)
    assert invitation.bounced_at is not None
    assert invitation.round.state is RoundState.STOPPED
    assert claim.reviewer is not None
    told = sorted((mail.recipients[0], mail.message["Subject"].partition(":")[0]) for mail in smtp_server.mails)
    assert told == sorted(
        [
            (claim.partner_contact_email, "A mail was not delivered"),
            (claim.partner_contact_email, "Please name a right contact"),
            (claim.reviewer.email, "A mail was not delivered"),
        ]
    )
    assert "mail:refused" in _events(committed, claim)


def test_a_mail_that_was_put_off_is_tried_again_later_and_starts_nothing(
    claim: Claim, committed: Session, smtp_server: ScriptedServer
) -> None:
    smtp_server.fail("RCPT", "451 4.7.1 Greylisted")
    before = utcnow()
    drain()
    notice = notice_of(committed, claim)
    assert (notice.state, notice.attempts, notice.message_id) == (MailState.DEFERRED, 1, None)
    assert notice.due_at is not None
    assert notice.due_at - before >= timedelta(seconds=24)
    assert notice.due_at - utcnow() <= timedelta(seconds=36)
    assert invitations_of(committed, claim)[0].round.state is RoundState.WAITING
    commands = len(smtp_server.commands)
    drain()
    assert not any(command.startswith("MAIL") for command in smtp_server.commands[commands:]), "it was not waited for"


def test_a_mail_put_off_for_48_hours_is_given_up(
    claim: Claim, committed: Session, smtp_server: ScriptedServer
) -> None:
    smtp_server.fail("RCPT", "451 4.7.1 Greylisted", address="carla@contoso.example.com")
    drain()
    _move(committed, notice_of(committed, claim), by=timedelta(hours=48))
    drain()
    notice = notice_of(committed, claim)
    assert (notice.state, notice.answer) == (MailState.REFUSED, "given up after 48 hours: 451 4.7.1 Greylisted")
    assert invitations_of(committed, claim)[0].round.state is RoundState.STOPPED


def test_a_mail_whose_answer_was_lost_goes_again_once_byte_for_byte(
    claim: Claim, committed: Session, smtp_server: ScriptedServer
) -> None:
    smtp_server.drop("STORED", times=1)
    drain()
    first, second = smtp_server.mails
    assert first.raw == second.raw
    assert notice_of(committed, claim).state is MailState.SENT


def test_a_mail_whose_answer_was_lost_twice_is_in_doubt_for_good(
    claim: Claim, committed: Session, smtp_server: ScriptedServer
) -> None:
    smtp_server.drop("STORED")
    drain()
    smtp_server.behave()
    drain()
    assert len(smtp_server.mails_to("carla@contoso.example.com")) == 2
    assert notice_of(committed, claim).state is MailState.UNKNOWN
    assert invitations_of(committed, claim)[0].round.state is RoundState.WAITING
    assert "mail:unknown" in _events(committed, claim)


def test_partner_and_reviewer_are_told_that_nobody_knows_whether_a_notice_was_delivered(
    claim: Claim, committed: Session, smtp_server: ScriptedServer
) -> None:
    smtp_server.drop("STORED", address="carla@contoso.example.com")
    drain()
    drain()
    assert claim.reviewer is not None
    for address in (claim.partner_contact_email, claim.reviewer.email):
        (told,) = smtp_server.mails_to(str(address))
        assert told.message["Subject"].startswith("A mail may not have been delivered:")
    (round_,) = committed.scalars(select(Round).execution_options(populate_existing=True))
    assert round_.is_in_doubt


def test_a_mail_that_cannot_be_written_is_refused_and_the_rest_go_out(
    claim: Claim, committed: Session, smtp_server: ScriptedServer
) -> None:
    notice = notice_of(committed, claim)
    notice.context = {}  # not one fact that its words need
    reader = Recipient("reader@fabrikam.example.org", "", "en")
    told = mail_of(committed, claim, "approved")
    outbox.put(committed, "approved", reader, told.context, now=utcnow(), claim_id=claim.id)
    committed.commit()
    drain()
    notice = notice_of(committed, claim)
    assert (notice.state, notice.answer) == (MailState.REFUSED, "the mail cannot be written")
    assert not smtp_server.mails_to("carla@contoso.example.com")
    assert smtp_server.mails_to(reader.address)
    assert invitations_of(committed, claim)[0].round.state is RoundState.STOPPED


def test_a_mail_that_asks_the_partner_starts_their_days_when_it_is_taken(
    work: Flask, committed: Session, programme: Programme, smtp_server: ScriptedServer
) -> None:
    asked = claims.partner_action_required(committed, programme, is_told=False, now=utcnow())
    committed.commit()
    assert asked.due_at is None
    drain()
    committed.refresh(asked)
    taken = mail_of(committed, asked, "information-requested").sent_at
    assert taken is not None
    assert asked.due_at == business_days("partner", taken, programme.periods.partner, programme.calendar).at


def test_mail_to_people_with_an_account_has_no_history_and_carries_their_link(
    work: Flask, committed: Session, programme: Programme, smtp_server: ScriptedServer
) -> None:
    from cpor_web.emails.catalogue import to_people

    user = factories.user(committed)
    to_people.invitation(committed, user, now=utcnow(), programme=programme)
    committed.commit()
    drain()
    (received,) = smtp_server.mails_to(user.email)
    body = received.message.get_body(("plain",))
    assert body is not None
    assert f"{programme.public_url}/reset/" in body.get_content()


def test_no_transaction_is_open_while_the_mail_server_takes_an_accounts_link(
    work: Flask,
    committed: Session,
    programme: Programme,
    smtp_server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from cpor_web.emails.catalogue import to_people

    for _ in range(2):
        to_people.invitation(committed, factories.user(committed), now=utcnow(), programme=programme)
    committed.commit()
    open_ones = []

    def watched(step: Callable[..., Any]) -> Callable[..., Any]:
        def taken(*letter: Any, **envelope: Any) -> Any:
            open_ones.append(committed.scalar(text(OPEN)))
            committed.rollback()
            return step(*letter, **envelope)

        return taken

    monkeypatch.setattr(Transport, "offer", watched(Transport.offer))
    monkeypatch.setattr(Transport, "hand_over", watched(Transport.hand_over))
    drain()
    assert len(smtp_server.mails) == 2
    assert open_ones == [0, 0, 0, 0]


def test_the_end_is_printed_anew_for_a_mail_that_surely_was_not_taken(
    claim: Claim, committed: Session, smtp_server: ScriptedServer
) -> None:
    smtp_server.fail("DATA", "451 4.3.0 Later", times=1)
    drain()
    (invitation,) = invitations_of(committed, claim)
    invitation.printed_end = utcnow()
    notice_of(committed, claim).due_at = utcnow()
    committed.commit()
    drain()
    committed.refresh(invitation)
    assert invitation.printed_end is not None
    assert invitation.printed_end - utcnow() > timedelta(days=7)


def _events(session: Session, claim: Claim) -> list[str]:
    return list(session.scalars(select(Event.kind).where(Event.claim_id == claim.id).order_by(Event.position)))


def _move(session: Session, mail: Mail, *, by: timedelta) -> None:
    """Let so much time have passed since a mail was first tried."""
    assert mail.first_tried_at is not None
    mail.first_tried_at -= by
    mail.due_at = _earlier(mail.due_at, by)
    session.commit()


def _earlier(at: datetime | None, by: timedelta) -> datetime:
    assert at is not None
    return at - by
