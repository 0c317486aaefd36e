"""The mail server refuses, is away, or is not who it says it is."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from tests.support import quick_claims
from tests.support.cast import text_of
from tests.support.installation import Installation
from tests.support.smtp_server import ScriptedServer

LONG_AGO, YESTERDAY = (datetime.now(UTC) - timedelta(days=days) for days in (30, 1))


def test_one_refused_recipient_does_not_stop_the_rest(installation: Installation) -> None:
    installation.smtp.fail("RCPT", "550 5.1.1 No such user", address="carla@gone.example.com")
    half = quick_claims.approved(installation, contacts=2, domain="gone.example.com")
    whole = quick_claims.approved(installation)
    installation.all_mail_is_out()
    installation.smtp.behave()

    assert not installation.mails_to(half.address)
    assert installation.mails_to(half.second_address)
    assert installation.mails_to(whole.address)
    assert whole.is_running()
    assert half.round_state == "stopped", "the clock runs though a contact was not reached"
    assert "550 5.1.1" in text_of(installation.mail_to(half.partner_address, "not delivered"))
    assert installation.mail_to(half.partner_address, "name a right contact")


def test_without_mail_for_eight_days_no_window_closes_and_then_each_gets_its_seven(
    installation: Installation,
) -> None:
    witness = quick_claims.running(installation)
    installation.smtp.stop()
    try:
        unasked = [quick_claims.approved(installation) for _ in range(3)]
        installation.forward(days=8)
        installation.eventually(lambda: witness.round_state == "passed", "the window of the one who was asked passes")
        installation.sweep()
        assert {claim.round_state for claim in unasked} == {"waiting"}
        assert {claim.notice().attempts for claim in unasked} == {0}, "the server's trouble has cost mails attempts"
    finally:
        installation.smtp.start()
    installation.forward(minutes=6)  # the longest that it is left alone
    asked_at = installation.now()
    for claim in unasked:
        installation.mail_to(claim.address, "You can deny it")
        installation.eventually(claim.is_running, "the customer's days have begun")
        assert claim.end >= asked_at + timedelta(days=7)

    installation.forward(days=7)
    installation.sweep()
    assert {claim.round_state for claim in unasked} == {"running"}
    installation.forward(days=1, hours=1)
    for claim in unasked:
        installation.eventually(lambda claim=claim: claim.round_state == "passed", "the window passes")  # type: ignore[misc]


@pytest.mark.parametrize("wrong", ["a stranger's authority", "another name", "a time that is over"])
def test_a_wrong_certificate_is_refused_and_no_mail_burns_an_attempt(
    installation: Installation,
    certificate_for: Callable[..., ssl.SSLContext],
    authority_file: Path,
    wrong: str,
) -> None:
    certificates = {
        "a stranger's authority": lambda: certificate_for("127.0.0.1", by=trustme.CA()),
        "another name": lambda: certificate_for("x.example.org"),
        "a time that is over": lambda: certificate_for("127.0.0.1", not_before=LONG_AGO, not_after=YESTERDAY),
    }
    with ScriptedServer(certificate=certificates[wrong]()) as impostor:
        told = {
            "mail_port": str(impostor.port),
            "mail_security": "starttls",
            "mail_ca_file": str(authority_file),
        }
        with installation.without("worker", **told):
            claim = quick_claims.approved(installation)
            why = installation.eventually(lambda: installation.query("SELECT why FROM breakers"), "it is left alone")
            assert why[0][0].startswith("tls:"), why
            installation.sweep()
            notice = claim.notice()  # before the next worker, which is told the right server, comes to it
        assert not impostor.mails
        assert not any(command.startswith("MAIL") for command in impostor.commands)
    assert (notice.state, notice.attempts) == ("queued", 0)

    installation.forward(minutes=6)
    installation.mail_to(claim.address, "You can deny it")
    installation.eventually(lambda: not installation.query("SELECT why FROM breakers"), "it is trusted again")
