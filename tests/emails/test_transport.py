"""Every way a mail server can behave has one outcome, and one bad recipient never stops the rest."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import pytest

from cpor_web.emails.outcomes import Accepted, Outcome, Permanent, Transient, Unavailable, Unknown
from cpor_web.emails.session import MailServer
from cpor_web.emails.transport import Transport
from tests.support.smtp_conversation import Step
from tests.support.smtp_server import ScriptedServer

SENDER = "bounce+1@contoso.example.com"
ANNA = "anna@fabrikam.example.org"
BEN = "ben@fabrikam.example.org"
MESSAGE = b"Subject: A claim\r\n\r\nHello\r\n"

Security = Literal["none", "starttls", "tls"]
NewServer = Callable[..., ScriptedServer]
CertificateFor = Callable[..., ssl.SSLContext]


def settings(server: ScriptedServer) -> MailServer:
    return MailServer(server.host, server.port, security="none", timeout=60)


def send(transport: Transport, to: str = ANNA, message: bytes = MESSAGE) -> Outcome:
    return transport.send(message, mail_from=SENDER, rcpt_to=to)


# Accepted


def test_an_accepted_mail_arrives_unchanged_and_its_answer_is_kept(
    smtp_server: ScriptedServer, transport: Transport
) -> None:
    message = b"Subject: Dots\r\n\r\n.\r\n..\r\n.begin\r\nRSET\r\n"
    assert send(transport, message=message) == Accepted("250 2.0.0 Ok: queued as 0001")
    (mail,) = smtp_server.wait_for(1)
    assert (mail.mail_from, mail.recipients, mail.raw) == (SENDER, (ANNA,), message)


def test_the_envelopes_sender_may_be_empty(smtp_server: ScriptedServer, transport: Transport) -> None:
    assert isinstance(transport.send(MESSAGE, mail_from="", rcpt_to=ANNA), Accepted)
    assert smtp_server.mails[0].mail_from == ""


@pytest.mark.parametrize("answer", ["250 2.0.0 Ok", "252 kept", "251 forwarded"])
def test_any_answer_of_the_200s_is_an_acceptance(
    smtp_server: ScriptedServer, transport: Transport, answer: str
) -> None:
    smtp_server.fail("STORED", answer)
    assert send(transport) == Accepted(answer)


@pytest.mark.parametrize("goodbye", [None, "451 busy", "554 never"])
def test_a_failing_goodbye_does_not_unsend_a_mail(smtp_server: ScriptedServer, goodbye: str | None) -> None:
    smtp_server.fail("QUIT", goodbye) if goodbye else smtp_server.drop("QUIT")
    with Transport(settings(smtp_server)) as transport:
        outcome = send(transport)
    assert outcome == Accepted("250 2.0.0 Ok: queued as 0001")
    assert len(smtp_server.mails) == 1


# Refused: for now, or for good


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "MESSAGE"])
@pytest.mark.parametrize(("answer", "kind"), [("451 4.7.1 Greylisted", Transient), ("550 5.1.1 No", Permanent)])
def test_a_refusal_at_any_step_is_told_in_the_servers_words_and_the_next_mail_goes_out(
    smtp_server: ScriptedServer, transport: Transport, step: Step, answer: str, kind: type[Transient | Permanent]
) -> None:
    smtp_server.fail(step, answer, times=1)
    assert send(transport) == kind(answer)
    assert smtp_server.mails == []
    assert isinstance(send(transport, BEN), Accepted)
    assert smtp_server.connections == 1


def test_a_refused_recipient_does_not_stop_the_others(smtp_server: ScriptedServer, transport: Transport) -> None:
    smtp_server.fail("RCPT", "550 5.1.1 No such user", address=ANNA)
    outcomes = [send(transport, to) for to in (ANNA, BEN, ANNA, BEN)]
    assert [type(outcome) for outcome in outcomes] == [Permanent, Accepted, Permanent, Accepted]
    assert [mail.recipients for mail in smtp_server.mails] == [(BEN,), (BEN,)]


def test_a_recipient_that_ends_the_connection_each_time_burns_an_attempt_and_does_not_stop_the_others(
    smtp_server: ScriptedServer, transport: Transport
) -> None:
    smtp_server.drop("RCPT", address=ANNA)
    assert isinstance(send(transport, BEN), Accepted)
    assert isinstance(send(transport, ANNA), Transient)
    assert isinstance(send(transport, BEN), Accepted)


def test_an_answer_is_one_short_line_without_controls(smtp_server: ScriptedServer, transport: Transport) -> None:
    smtp_server.fail("RCPT", "550-5.1.1 No\x07 such\r\n550 user \u202eresu\x1b[31m " + "x" * 550)
    outcome = send(transport)
    assert isinstance(outcome, Permanent)
    assert outcome.answer.startswith("550 5.1.1 No such user resu [31m xxx")
    assert len(outcome.answer) == 500


def test_a_server_that_wants_a_sign_in_is_unavailable_and_refuses_no_mail(new_smtp_server: NewServer) -> None:
    server = new_smtp_server(users={"cpor": "secret"})
    with Transport(settings(server)) as transport:
        assert send(transport) == Unavailable("530 5.7.0 Authentication required", "auth")


@pytest.mark.parametrize(
    "answer",
    [
        "451 4.3.0 Temporary lookup failure",
        "452 4.3.1 Insufficient system storage",
        "450 4.3.2 Not accepting",
        "451 4.3.5 Server configuration error",
    ],
)
def test_a_server_that_takes_no_mail_for_what_it_says_of_itself_is_unavailable(
    smtp_server: ScriptedServer, transport: Transport, answer: str
) -> None:
    smtp_server.fail("MAIL", answer)
    assert send(transport) == Unavailable(answer, "connect")
    smtp_server.behave()
    assert isinstance(send(transport), Accepted)


@pytest.mark.parametrize("step", ["RCPT", "DATA", "MESSAGE"])
def test_the_same_said_of_one_recipient_or_of_one_text_puts_off_that_mail_alone(
    smtp_server: ScriptedServer, transport: Transport, step: Step
) -> None:
    smtp_server.fail(step, "452 4.3.1 Insufficient system storage", times=1)
    assert send(transport) == Transient("452 4.3.1 Insufficient system storage")
    assert isinstance(send(transport, BEN), Accepted)


@pytest.mark.parametrize("answer", ["452 4.3.4 Too big", "450 4.3.3 No such feature", "452 too many", "450 4.1.8 No"])
def test_a_refusal_for_now_that_may_be_for_what_one_mail_is_puts_off_that_mail_alone(
    smtp_server: ScriptedServer, transport: Transport, answer: str
) -> None:
    smtp_server.fail("MAIL", answer, times=1)
    assert send(transport) == Transient(answer)
    assert isinstance(send(transport, BEN), Accepted)


@pytest.mark.parametrize("answer", ["550 4.3.0 No", "550 rejected, see rule 4.3.2"])
def test_a_refusal_for_good_of_one_mail_keeps_up_no_other_whatever_else_it_says(
    smtp_server: ScriptedServer, transport: Transport, answer: str
) -> None:
    smtp_server.fail("MAIL", answer, times=1)
    assert send(transport) == Permanent(answer)
    assert isinstance(send(transport, BEN), Accepted)


@pytest.mark.parametrize("code", [530, 535])
def test_a_sign_in_that_is_wanted_for_one_recipient_is_about_that_mail_alone(
    smtp_server: ScriptedServer, transport: Transport, code: int
) -> None:
    answer = f"{code} 5.7.0 Recipient address rejected: Authentication required"
    smtp_server.fail("RCPT", answer, times=1)
    assert send(transport) == Transient(answer)
    assert isinstance(send(transport, BEN), Accepted)


# Unknown


def test_a_connection_lost_after_the_text_leaves_the_mail_unknown(
    smtp_server: ScriptedServer, transport: Transport
) -> None:
    smtp_server.drop("STORED", times=1)
    assert isinstance(send(transport), Unknown)
    assert len(smtp_server.mails) == 1


def test_a_mail_on_a_kept_connection_is_not_sent_again_after_its_text(
    smtp_server: ScriptedServer, transport: Transport
) -> None:
    assert isinstance(send(transport), Accepted)
    smtp_server.drop("STORED", times=1)
    assert isinstance(send(transport, BEN), Unknown)
    assert len(smtp_server.mails_to(BEN)) == 1
    assert smtp_server.connections == 1
    assert isinstance(send(transport, BEN), Accepted)


def test_a_server_that_never_answers_the_text_leaves_the_mail_unknown_at_the_deadline(
    smtp_server: ScriptedServer,
) -> None:
    smtp_server.hang("STORED")
    with Transport(settings(smtp_server), data_timeout=0.1) as transport:
        assert isinstance(send(transport), Unknown)


def test_a_server_that_stops_reading_the_text_leaves_the_mail_unknown_at_the_deadline(
    smtp_server: ScriptedServer,
) -> None:
    smtp_server.hang("TEXT")
    began = time.monotonic()
    with Transport(replace(settings(smtp_server), timeout=120), data_timeout=0.2) as transport:
        assert isinstance(send(transport, message=b"Subject: x\r\n\r\n" + b"a" * 900 + b"\r\n" * 10_000_000), Unknown)
    assert time.monotonic() - began < 100


def test_nonsense_after_the_text_leaves_the_mail_unknown(smtp_server: ScriptedServer, transport: Transport) -> None:
    smtp_server.fail("STORED", "what?", times=1)
    assert isinstance(send(transport), Unknown)
    assert isinstance(send(transport), Accepted)
    assert smtp_server.connections == 2


def test_the_answer_to_the_text_alone_has_the_longer_deadline(smtp_server: ScriptedServer) -> None:
    smtp_server.slow("STORED", 0.1, times=1)  # 29 bytes: 2.9 seconds
    began = time.monotonic()
    with Transport(replace(settings(smtp_server), timeout=2.0), data_timeout=60) as transport:
        assert isinstance(send(transport), Accepted)
        smtp_server.hang("MAIL", times=1)
        assert isinstance(send(transport), Accepted)
    assert time.monotonic() - began < 50
    assert smtp_server.connections == 2


# Unavailable


def test_a_server_that_is_away_is_unavailable_and_is_found_again(smtp_server: ScriptedServer) -> None:
    smtp_server.stop()
    with Transport(settings(smtp_server)) as transport:
        outcome = send(transport)
        assert isinstance(outcome, Unavailable)
        assert outcome.kind == "connect"
        smtp_server.start()
        assert isinstance(send(transport), Accepted)


def test_connecting_ahead_tells_of_trouble_and_keeps_the_connection(
    smtp_server: ScriptedServer, transport: Transport
) -> None:
    smtp_server.fail("CONNECT", "421 Later", times=1)
    assert transport.connect() == Unavailable("421 Later", "greeting")
    assert transport.connect() is None
    assert transport.connect() is None
    assert isinstance(send(transport), Accepted)
    assert smtp_server.connections == 2


# What is sent


@pytest.mark.parametrize(
    "message",
    [
        "Subject: ä\r\n\r\n".encode(),
        b"Subject: x\n\nHello\n",
        b"Subject: x\r\n\r\nHello\n.\nMAIL FROM:<eve@example.org>\r\n",
        b"Subject: x\r\n\r\nHello\r.\r\r\n",
        b"Subject: x\r\n\r\nno line end",
        b"Subject: x\r\n\r\n" + b"a" * 999 + b"\r\n",
        b"",
    ],
)
def test_bytes_that_are_no_mail_are_refused_before_any_connection(
    smtp_server: ScriptedServer, transport: Transport, message: bytes
) -> None:
    with pytest.raises(ValueError, match="message"):
        send(transport, message=message)
    assert smtp_server.connections == 0


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "anna@fabrikam.example.org\r\nRCPT TO:<eve@example.org>",
        "anna@fabrikam.example.org> SIZE=1",
        "anna@fabrikam.example.org,eve@example.org",
        "anna@fabrikam.example.org\u2028",
        "Anna <anna@fabrikam.example.org>",
    ],
)
def test_what_is_no_address_is_refused_and_never_reaches_the_server(
    smtp_server: ScriptedServer, transport: Transport, address: str
) -> None:
    assert isinstance(send(transport, address), Permanent)
    if address:
        assert isinstance(transport.send(MESSAGE, mail_from=address, rcpt_to=ANNA), Permanent)
    assert smtp_server.connections == 0


def test_an_address_beyond_ascii_is_refused_without_smtputf8(
    smtp_server: ScriptedServer, transport: Transport
) -> None:
    outcome = send(transport, "änna@fabrikam.example.org")
    assert isinstance(outcome, Permanent)
    assert "SMTPUTF8" in outcome.answer
    assert isinstance(send(transport, ANNA), Accepted)
    assert smtp_server.connections == 1


def test_an_address_beyond_ascii_is_sent_with_smtputf8(new_smtp_server: NewServer) -> None:
    server = new_smtp_server(extensions=("SMTPUTF8", "8BITMIME"))
    with Transport(settings(server)) as transport:
        assert isinstance(send(transport, "änna@fabrikam.example.org"), Accepted)
        assert isinstance(send(transport, ANNA), Accepted)
    assert [mail.recipients for mail in server.mails] == [("änna@fabrikam.example.org",), (ANNA,)]
    assert [command.endswith("SMTPUTF8") for command in server.commands if command.startswith("MAIL")] == [
        True,
        False,
    ]


def test_a_hanging_mail_goes_through_once_it_is_released(smtp_server: ScriptedServer, transport: Transport) -> None:
    smtp_server.hang("MESSAGE", times=1)
    outcomes: list[Outcome] = []
    sending = threading.Thread(target=lambda: outcomes.append(send(transport)))
    sending.start()
    smtp_server.wait_for_command("DATA")
    assert smtp_server.mails == []
    smtp_server.release()
    sending.join(120)
    assert [type(outcome) for outcome in outcomes] == [Accepted]
