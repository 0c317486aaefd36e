"""A running worker meets each trouble of a mail server: what was surely not taken goes again, and nothing is lost."""

import json
import re
from collections.abc import Iterator
from itertools import count

import pytest

from tests.support import quick_claims
from tests.support.installation import Installation
from tests.support.quick_claims import QuickClaim
from tests.support.smtp_conversation import Step

LATER_MINUTES = 6
"""More than a mail's first delay, the longest pause of a server, and the lease of what is being sent."""

_numbers = count(1)


@pytest.fixture(scope="module")
def _impatient(installation: Installation) -> Iterator[None]:
    """The worker waits for an answer for three seconds: longer than any that comes takes on a busy machine."""
    with installation.without("worker", mail_timeout="3"):
        yield


@pytest.fixture
def domain(installation: Installation) -> Iterator[str]:
    """A customer's domain, known before anything is sent there. The mail server is in order again afterwards."""
    yield f"trouble{next(_numbers)}.example.com"
    installation.smtp.behave()


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        ("RCPT", "451 4.7.1 Greylisted"),
        ("RCPT", "421 4.3.2 Too many at once"),
        ("DATA", "452 4.3.1 Out of space"),
        ("MESSAGE", "451 4.3.0 Try again later"),
    ],
)
def test_a_mail_that_is_put_off_starts_no_clock_holds_no_other_up_and_goes_again(
    installation: Installation, domain: str, step: Step, answer: str
) -> None:
    installation.smtp.fail(step, answer, address=f"carla@{domain}")
    put_off = quick_claims.approved(installation, domain=domain)
    other = quick_claims.running(installation)
    installation.eventually(lambda: put_off.notice().state == "deferred", "it is put off")
    assert (put_off.notice().attempts, put_off.notice().answer) == (1, answer)
    assert put_off.round_state == "waiting"
    assert not installation.mails_to(put_off.address)

    installation.smtp.behave()
    installation.forward(minutes=LATER_MINUTES)
    _arrives(installation, put_off, copies=1)
    assert put_off.notice().attempts == 2
    assert len(installation.mails_to(other.address)) == 1


@pytest.mark.parametrize(
    ("step", "copies"),
    [("CONNECT", 1), ("EHLO", 1), ("MAIL", 1), ("RCPT", 1), ("DATA", 1), ("TEXT", 1), ("MESSAGE", 1), ("STORED", 2)],
)
def test_a_dropped_connection_loses_no_mail_and_doubles_only_what_was_taken_without_a_word(
    installation: Installation, domain: str, step: Step, copies: int
) -> None:
    recipient_is_known = step not in {"CONNECT", "EHLO", "MAIL"}
    installation.all_mail_is_out()
    installation.smtp.drop(step, address=f"carla@{domain}" if recipient_is_known else None, times=1)
    claim = quick_claims.approved(installation, domain=domain)
    installation.eventually(lambda: installation.smtp.has_struck(step), "the connection was dropped")
    installation.forward(minutes=LATER_MINUTES)
    _arrives(installation, claim, copies=copies)


def test_a_server_that_is_full_for_days_costs_no_mail_an_attempt(installation: Installation, domain: str) -> None:
    installation.all_mail_is_out()
    installation.smtp.fail("MAIL", "452 4.3.1 Insufficient system storage")
    claim = quick_claims.approved(installation, domain=domain)
    for hours in (1, 24, 25):
        installation.forward(hours=hours)
        installation.sweep()
    assert (claim.notice().state, claim.notice().attempts, claim.round_state) == ("queued", 0, "waiting")
    (why,) = installation.query("SELECT why FROM breakers")[0]
    assert why == "connect: 452 4.3.1 Insufficient system storage"
    assert _mail(installation) == "late"

    installation.smtp.behave()
    installation.forward(minutes=LATER_MINUTES)
    _arrives(installation, claim, copies=1)


def test_mail_that_is_put_off_to_everybody_is_told_long_before_it_is_given_up(
    installation: Installation, domain: str
) -> None:
    installation.all_mail_is_out()
    installation.smtp.fail("RCPT", "452 4.3.1 Insufficient system storage")
    claim = quick_claims.approved(installation, domain=domain)
    installation.eventually(lambda: claim.notice().state == "deferred", "it is put off")
    assert _mail(installation) == "ok"
    installation.forward(hours=1)
    installation.sweep()
    assert _mail(installation) == "late"
    assert re.search(r"put off: 452 4\.3\.1 \(\d+\)", installation.logs()["worker"])

    installation.smtp.behave()
    installation.forward(hours=1)
    _arrives(installation, claim, copies=1)
    assert _mail(installation) == "ok"


def test_a_connection_that_is_dropped_at_quit_concerns_no_mail(installation: Installation, domain: str) -> None:
    installation.all_mail_is_out()
    installation.smtp.drop("QUIT")
    claim = quick_claims.approved(installation, domain=domain)
    _arrives(installation, claim, copies=1)
    installation.sweep()
    assert installation.smtp.has_struck("QUIT")
    assert claim.notice().attempts == 1
    assert not installation.query("SELECT why FROM breakers")
    assert len(installation.mails_to(claim.address)) == 1


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_server_that_falls_silent_stops_no_worker_for_longer_than_its_patience(
    installation: Installation, domain: str, step: Step
) -> None:
    recipient_is_known = step in {"RCPT", "DATA"}
    installation.smtp.hang(step, address=f"carla@{domain}" if recipient_is_known else None)
    claim = quick_claims.approved(installation, domain=domain)
    if recipient_is_known:
        installation.eventually(lambda: claim.notice().state == "deferred", "it is put off")
        assert installation.eventually(lambda: installation.mails_to(claim.partner_address), "others go out")
    else:
        why = installation.eventually(lambda: installation.query("SELECT why FROM breakers"), "it is left alone")
        assert "time" in why[0].why
        assert (claim.notice().state, claim.notice().attempts) == ("queued", 0)
    assert claim.round_state == "waiting"
    installation.smtp.behave()
    installation.forward(minutes=LATER_MINUTES)
    _arrives(installation, claim, copies=1)


def _mail(installation: Installation) -> str:
    """Return how /readyz says that mail does."""
    said: str = json.loads(installation.person().open("/readyz").html)["mail"]
    return said


def _arrives(installation: Installation, claim: QuickClaim, *, copies: int) -> None:
    """See that the notice has come in so many copies, and started the customer's days."""
    installation.eventually(claim.is_running, "the customer's days have begun")
    installation.all_mail_is_out()
    came = installation.mails_to(claim.address)
    assert len(came) == copies
    assert len({mail.raw for mail in came}) == 1
    assert not installation.query("SELECT why FROM breakers")
