"""kill -9 of the worker at the worst moments: at least one copy arrives, at most two, and they are identical."""

from sqlalchemy import text

from cpor_web.emails import outbox
from cpor_web.emails.outbox import Recipient
from cpor_web.models import Mail
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


def test_killed_in_the_midst_of_many_only_the_one_in_doubt_goes_out_twice(installation: Installation) -> None:
    claim = quick_claims.running(installation)
    readers = [f"reader{number}@killed.example.org" for number in range(5)]
    installation.smtp.hang("STORED", address=readers[2])
    with installation.session() as session:
        told = session.query(Mail).filter_by(claim_id=claim.id, kind="approved").one()
        for each in readers:
            to = Recipient(each, "", "en")
            outbox.put(session, told.kind, to, told.context, now=installation.now(), claim_id=claim.id)
    installation.eventually(lambda: installation.mails_to(readers[2]), "the third has come")
    installation.kill("worker")
    of_readers = (
        "SELECT state, sent_at IS NOT NULL FROM mails WHERE to_address LIKE '%@killed.example.org' ORDER BY id"
    )
    taken, in_doubt, waits = ("sending", True), ("sending", False), ("queued", False)
    assert [tuple(row) for row in installation.query(of_readers)] == [taken, taken, in_doubt, waits, waits]
    installation.smtp.behave()
    installation.forward(minutes=LEASE_MINUTES)
    installation.start("worker")
    installation.all_mail_is_out()
    assert [len(installation.mails_to(each)) for each in readers] == [1, 1, 2, 1, 1]
    first, second = installation.mails_to(readers[2])
    assert first.raw == second.raw
    assert {tuple(row) for row in installation.query(of_readers)} == {("sent", True)}


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
