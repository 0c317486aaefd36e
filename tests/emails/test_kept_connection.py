"""One connection is kept for many mails; one that went stale is replaced once, and no mail goes twice by that."""

import smtplib

import pytest

from cpor_web.emails.outcomes import Accepted, Outcome, Permanent, Transient, Unavailable
from cpor_web.emails.transport import Transport
from tests.emails.test_transport import send
from tests.support.smtp_conversation import Step
from tests.support.smtp_server import ScriptedServer


def test_many_mails_share_one_connection(smtp_server: ScriptedServer, transport: Transport) -> None:
    assert all(isinstance(send(transport), Accepted) for _ in range(5))
    assert smtp_server.connections == 1
    assert "RSET" not in smtp_server.commands, "a mail that was taken leaves nothing to forget"


def test_what_a_refused_mail_left_behind_is_forgotten_before_the_next(
    smtp_server: ScriptedServer, transport: Transport
) -> None:
    smtp_server.fail("RCPT", "550 5.1.1 No such user", times=1)
    assert isinstance(send(transport), Permanent)
    assert isinstance(send(transport), Accepted)
    assert isinstance(send(transport), Accepted)
    assert smtp_server.connections == 1
    assert smtp_server.commands.count("RSET") == 1


def test_a_connection_that_was_closed_while_idle_is_replaced(
    smtp_server: ScriptedServer, transport: Transport
) -> None:
    send(transport)
    smtp_server.drop_connections()
    assert isinstance(send(transport), Accepted)
    assert smtp_server.connections == 2


def test_a_server_that_was_restarted_meanwhile_gets_the_next_mail(
    smtp_server: ScriptedServer, transport: Transport
) -> None:
    send(transport)
    smtp_server.stop()
    smtp_server.start()
    assert isinstance(send(transport), Accepted)
    assert len(smtp_server.mails) == 2


@pytest.mark.parametrize("step", ["RSET", "MAIL", "RCPT", "DATA"])
def test_a_kept_connection_that_ends_before_the_text_is_replaced_once(
    smtp_server: ScriptedServer, transport: Transport, step: Step
) -> None:
    if step == "RSET":  # which is said after what was not taken
        smtp_server.fail("MESSAGE", "550 5.7.1 Refused", times=1)
    send(transport)
    smtp_server.fail(step, "421 4.7.0 Too many mails on one connection", times=1)
    assert isinstance(send(transport), Accepted)
    assert smtp_server.connections == 2


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        ("MAIL", Unavailable("421 4.3.2 Closing", "connect")),
        ("RCPT", Transient("421 4.3.2 Closing")),
        ("DATA", Transient("421 4.3.2 Closing")),
    ],
)
def test_a_new_connection_that_ends_before_the_text_is_not_replaced(
    smtp_server: ScriptedServer, transport: Transport, step: Step, outcome: Outcome
) -> None:
    smtp_server.fail(step, "421 4.3.2 Closing")
    assert send(transport) == outcome
    assert smtp_server.connections == 1


def test_421_after_the_text_is_a_refusal_for_now(smtp_server: ScriptedServer, transport: Transport) -> None:
    smtp_server.fail("MESSAGE", "421 4.3.2 Closing", times=1)
    assert send(transport) == Transient("421 4.3.2 Closing")
    assert isinstance(send(transport), Accepted)


def test_a_mail_that_was_interrupted_leaves_no_half_connection(
    smtp_server: ScriptedServer, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(BaseException):
        pass

    def interrupt(*_: object) -> tuple[int, bytes]:
        raise Interrupted

    assert transport.connect() is None
    with monkeypatch.context() as patch:
        patch.setattr(smtplib.SMTP, "getreply", interrupt)
        with pytest.raises(Interrupted):
            send(transport)
    assert isinstance(send(transport), Accepted)
    assert smtp_server.connections == 2
