"""A connection is checked before it is used, every answer has a deadline, and trouble names its stage."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
import trustme

from cpor_web.emails.outcomes import Accepted, Outcome, Unavailable
from cpor_web.emails.session import MailServer
from cpor_web.emails.transport import Transport
from tests.support.smtp_conversation import Step
from tests.support.smtp_server import ScriptedServer

Security = Literal["none", "starttls", "tls"]
NewServer = Callable[..., ScriptedServer]
CertificateFor = Callable[..., ssl.SSLContext]


def settings(server: ScriptedServer) -> MailServer:
    return MailServer(server.host, server.port, security="none", timeout=60)


def send(transport: Transport) -> Outcome:
    return transport.send(
        b"Subject: A claim\r\n\r\nHello\r\n",
        mail_from="bounce+1@contoso.example.com",
        rcpt_to="anna@fabrikam.example.org",
    )


# Connecting and greeting


@pytest.mark.parametrize("answer", ["421 4.3.2 Come back later", "554 5.3.2 No service here", "hello?"])
def test_a_greeting_that_turns_us_away_burns_no_attempt(
    smtp_server: ScriptedServer, transport: Transport, answer: str
) -> None:
    smtp_server.fail("CONNECT", answer)
    outcome = send(transport)
    assert isinstance(outcome, Unavailable)
    assert outcome.kind == "greeting"


@pytest.mark.parametrize("step", ["CONNECT", "EHLO"])
def test_a_connection_lost_before_any_mail_burns_no_attempt(
    smtp_server: ScriptedServer, transport: Transport, step: Step
) -> None:
    smtp_server.drop(step)
    outcome = send(transport)
    assert isinstance(outcome, Unavailable)
    assert outcome.kind == "greeting"


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL"])
def test_a_server_that_says_nothing_is_given_up_at_the_deadline(smtp_server: ScriptedServer, step: Step) -> None:
    smtp_server.hang(step)
    began = time.monotonic()
    with Transport(replace(settings(smtp_server), timeout=0.1)) as transport:
        assert isinstance(send(transport), Unavailable)
    assert time.monotonic() - began < 60


def test_an_answer_that_drips_in_byte_by_byte_ends_at_the_deadline_too(smtp_server: ScriptedServer) -> None:
    smtp_server.slow("CONNECT", 0.5)  # a byte in time, each time: 14.5 seconds in all
    began = time.monotonic()
    with Transport(replace(settings(smtp_server), timeout=1.0)) as transport:
        assert isinstance(send(transport), Unavailable)
    assert time.monotonic() - began < 12


def test_a_host_that_does_not_exist_is_unavailable() -> None:
    with Transport(MailServer("a" * 64 + ".example.org", 25, security="none")) as transport:
        outcome = send(transport)
    assert isinstance(outcome, Unavailable)
    assert outcome.kind == "connect"


@pytest.mark.parametrize(("name", "greeting"), [(None, "[127.0.0.1]"), ("app.contoso.example.com",) * 2])
def test_we_greet_with_the_name_that_is_set_or_with_our_address(
    smtp_server: ScriptedServer, name: str | None, greeting: str
) -> None:
    with Transport(replace(settings(smtp_server), local_hostname=name)) as transport:
        send(transport)
    assert f"EHLO {greeting}" in smtp_server.commands


def test_no_name_is_looked_up_for_the_greeting(
    smtp_server: ScriptedServer, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(name: str = "") -> str:
        raise AssertionError(f"looked up {name!r}")

    monkeypatch.setattr(socket, "getfqdn", look_up)
    assert isinstance(send(transport), Accepted)


# TLS and sign-in


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_valid_certificate_and_password_let_mails_through(
    new_smtp_server: NewServer, certificate_for: CertificateFor, authority_file: Path, security: Security
) -> None:
    server = new_smtp_server(
        certificate=certificate_for("127.0.0.1"), implicit_tls=security == "tls", users={"cpor": "secret"}
    )
    account = replace(
        settings(server), security=security, username="cpor", password="secret", ca_file=str(authority_file)
    )
    with Transport(account) as transport:
        assert isinstance(send(transport), Accepted)
        assert isinstance(send(transport), Accepted)
    assert server.connections == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("wrong", ["name", "authority", "expired"])
def test_a_wrong_certificate_is_refused(
    new_smtp_server: NewServer, certificate_for: CertificateFor, authority_file: Path, security: Security, wrong: str
) -> None:
    certificate = {
        "name": lambda: certificate_for("mail.example.org"),
        "authority": lambda: certificate_for("127.0.0.1", by=trustme.CA()),
        "expired": lambda: certificate_for("127.0.0.1", not_after=datetime.now(UTC) - timedelta(days=1)),
    }[wrong]()
    server = new_smtp_server(certificate=certificate, implicit_tls=security == "tls")
    with Transport(replace(settings(server), security=security, ca_file=str(authority_file))) as transport:
        outcome = send(transport)
    assert isinstance(outcome, Unavailable)
    assert outcome.kind == "tls"
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.error
    assert not any(command.startswith("MAIL") for command in server.commands)


def test_without_a_file_of_authorities_only_the_systems_are_trusted(
    new_smtp_server: NewServer, certificate_for: CertificateFor
) -> None:
    server = new_smtp_server(certificate=certificate_for("127.0.0.1"))
    with Transport(replace(settings(server), security="starttls")) as transport:
        assert isinstance(send(transport), Unavailable)


def test_a_server_without_starttls_gets_neither_password_nor_mail(smtp_server: ScriptedServer) -> None:
    account = replace(settings(smtp_server), security="starttls", username="cpor", password="secret")
    with Transport(account) as transport:
        outcome = send(transport)
    assert isinstance(outcome, Unavailable)
    assert outcome.kind == "tls"
    assert not any(command.startswith(("AUTH", "MAIL")) for command in smtp_server.commands)


@pytest.mark.parametrize("failure", ["drop", "454 4.7.0 TLS not available", "501 5.5.2 What?"])
def test_starttls_that_fails_burns_no_attempt(
    new_smtp_server: NewServer, certificate_for: CertificateFor, failure: str
) -> None:
    server = new_smtp_server(certificate=certificate_for("127.0.0.1"))
    server.drop("STARTTLS") if failure == "drop" else server.fail("STARTTLS", failure)
    with Transport(replace(settings(server), security="starttls")) as transport:
        outcome = send(transport)
    assert isinstance(outcome, Unavailable)
    assert outcome.kind == "tls"


def test_a_missing_file_of_authorities_is_tls_trouble(smtp_server: ScriptedServer, tmp_path: Path) -> None:
    account = replace(settings(smtp_server), security="tls", ca_file=str(tmp_path / "none.pem"))
    with Transport(account) as transport:
        outcome = send(transport)
    assert isinstance(outcome, Unavailable)
    assert outcome.kind == "tls"


@pytest.mark.parametrize("password", ["wrong", "fälsch"])
def test_a_wrong_password_burns_no_attempt(new_smtp_server: NewServer, password: str) -> None:
    server = new_smtp_server(users={"cpor": "secret"})
    with Transport(replace(settings(server), username="cpor", password=password)) as transport:
        outcome = send(transport)
    assert isinstance(outcome, Unavailable)
    assert outcome.kind == "auth"
    assert password not in outcome.error


def test_a_server_without_sign_in_is_auth_trouble(smtp_server: ScriptedServer) -> None:
    with Transport(replace(settings(smtp_server), username="cpor", password="secret")) as transport:
        outcome = send(transport)
    assert isinstance(outcome, Unavailable)
    assert outcome.kind == "auth"


def test_a_password_never_crosses_the_network_in_the_clear() -> None:
    with pytest.raises(ValueError, match="TLS"):
        MailServer("mail.example.org", 25, security="none", username="cpor", password="secret")


def test_the_password_is_not_in_the_repr() -> None:
    assert "secret" not in repr(MailServer("mail.example.org", 587, username="cpor", password="secret"))
