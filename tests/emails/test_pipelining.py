"""A mail server that takes several commands at once (RFC 2920): the same outcomes, with fewer waits."""

from collections.abc import Iterator

import pytest

from cpor_web.emails.outcomes import Accepted, Outcome, Permanent, Transient, Unavailable
from cpor_web.emails.session import MailServer
from cpor_web.emails.transport import Transport
from tests.support.smtp_conversation import Step
from tests.support.smtp_server import ScriptedServer

MESSAGE = b"Subject: Hello\r\n\r\nHello\r\n"
SENDER, ANNA = "notices@vendor.example.com", "anna@customer.example.org"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(extensions=("SIZE 35882577", "PIPELINING")) as server:
        yield server


@pytest.fixture
def transport(server: ScriptedServer) -> Iterator[Transport]:
    with Transport(MailServer("127.0.0.1", server.port, security="none", timeout=60)) as transport:
        yield transport


def send(transport: Transport) -> Outcome:
    return transport.send(MESSAGE, mail_from=SENDER, rcpt_to=ANNA)


def test_many_mails_arrive_unchanged_over_one_connection(server: ScriptedServer, transport: Transport) -> None:
    assert all(isinstance(send(transport), Accepted) for _ in range(3))
    assert [(mail.mail_from, mail.recipients, mail.raw) for mail in server.mails] == [(SENDER, (ANNA,), MESSAGE)] * 3
    assert server.connections == 1


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(("answer", "kind"), [("451 4.7.1 Later", Transient), ("550 5.1.1 No", Permanent)])
def test_a_refusal_is_that_of_its_command_and_the_next_mail_goes_out(
    server: ScriptedServer, transport: Transport, step: Step, answer: str, kind: type[Transient | Permanent]
) -> None:
    server.fail(step, answer, times=1)
    assert send(transport) == kind(answer)
    assert isinstance(send(transport), Accepted)
    assert server.connections == 1
    assert len(server.mails) == 1


def test_a_server_that_waits_for_the_text_in_spite_of_its_refusal_gets_none(
    server: ScriptedServer, transport: Transport
) -> None:
    server.fail("MAIL", "250 2.1.0 Ok\r\n550 5.1.1 No such user\r\n354 Go on", times=1)
    assert send(transport) == Permanent("550 5.1.1 No such user")
    assert isinstance(send(transport), Accepted)
    assert len(server.mails) == 1
    assert server.connections == 2


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_a_kept_connection_that_ends_before_the_text_is_replaced_once(
    server: ScriptedServer, transport: Transport, step: Step
) -> None:
    send(transport)
    server.drop(step, times=1)
    assert isinstance(send(transport), Accepted)
    assert server.connections == 2
    assert len(server.mails) == 2


@pytest.mark.parametrize(("step", "kind"), [("MAIL", Unavailable), ("RCPT", Transient), ("DATA", Transient)])
def test_a_new_connection_that_ends_before_the_text_is_not_replaced(
    server: ScriptedServer, transport: Transport, step: Step, kind: type[Outcome]
) -> None:
    server.fail(step, "421 4.3.2 Closing")
    assert isinstance(send(transport), kind)
    assert server.connections == 1


def test_a_server_without_room_is_unavailable_whatever_it_says_to_the_commands_that_follow(
    server: ScriptedServer, transport: Transport
) -> None:
    server.fail("MAIL", "452 4.3.1 Insufficient system storage")
    assert send(transport) == Unavailable("452 4.3.1 Insufficient system storage", "connect")
    server.behave()
    assert isinstance(send(transport), Accepted)
    assert len(server.mails) == 1
