"""kill -9 of the worker at the worst moments: at least one copy arrives, at most two, and they are identical."""

from sqlalchemy import text

from tests.support import quick_claims
from tests.support.installation import Installation
from tests.support.quick_claims import QuickClaim

LEASE_MINUTES = 11
"""After this another worker takes over what a dead one had begun."""


def test_killed_before_the_text_went_out_one_copy_arrives(installation: Installation) -> None:
    claim = quick_claims.hanging(installation, "DATA")
    conversation = [f"RCPT TO:<{claim.address}>", "DATA"]
    installation.eventually(lambda: installation.smtp.commands[-2:] == conversation, "the text is to be sent")
    assert claim.notice().state == "sending"
    installation.kill("worker")
    _recover(installation, claim)
    assert len(installation.mails_to(claim.address)) == 1


def test_killed_between_250_and_the_commit_two_identical_copies_arrive(installation: Installation) -> None:
    claim = quick_claims.hanging(installation, "STORED")
    _is_stored(installation, claim, copies=1)
    with installation.engine.connect() as in_the_way:
        in_the_way.execute(text("SELECT 1 FROM claims WHERE id = :id FOR UPDATE"), {"id": claim.id})
        installation.smtp.behave()  # the server says 250
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        installation.eventually(lambda: installation.query(waiting), "the worker waits for the claim's row")
        installation.kill("worker")
    _recover(installation, claim)
    first, second = installation.mails_to(claim.address)
    assert first.raw == second.raw


def test_killed_again_and_again_no_third_copy_arrives(installation: Installation) -> None:
    claim = quick_claims.hanging(installation, "STORED")
    for copies in (1, 2):
        _is_stored(installation, claim, copies=copies)
        installation.kill("worker")
        installation.forward(minutes=LEASE_MINUTES)
        installation.start("worker")
    installation.smtp.behave()
    installation.all_mail_is_out()
    first, second = installation.mails_to(claim.address)
    assert first.raw == second.raw
    assert claim.notice().state == "unknown"


def _is_stored(installation: Installation, claim: QuickClaim, *, copies: int) -> None:
    """Return once the server has so many copies of the claim's notice, and has not said so of the last one."""
    installation.eventually(lambda: len(installation.mails_to(claim.address)) == copies, "the server has the mail")
    assert claim.notice().state == "sending"


def _recover(installation: Installation, claim: QuickClaim) -> None:
    installation.smtp.behave()
    installation.start("worker")
    installation.sweep()
    assert claim.notice().state == "sending", "a mail in doubt was taken from a worker that may still live"
    installation.forward(minutes=LEASE_MINUTES)
    installation.eventually(claim.is_running, "the customer's days have begun")
    assert claim.notice().state == "sent"
