"""Several workers side by side, and workers killed over what is not a mail: nothing twice, nothing never."""

from collections import Counter
from datetime import date, datetime, time, timedelta

from sqlalchemy import text

from cpor_web.emails import outbox
from cpor_web.emails.outbox import Recipient
from cpor_web.models import Claim, Mail
from cpor_web.rules.roles import Role
from tests.support import assessor_server, claims, factories, quick_claims
from tests.support.assessor_server import HANG, SECRET
from tests.support.installation import Installation

MANY = 300
AT_ONCE = 3
LEASE_MINUTES = 6
WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


def test_several_workers_side_by_side_send_each_of_many_mails_once(installation: Installation) -> None:
    claim = quick_claims.running(installation)
    smtp = installation.smtp
    hung = [f"reader{number}@side.example.org" for number in range(0, MANY, MANY // AT_ONCE)]
    for address in hung:
        smtp.hang("DATA", address=address)
    with installation.without("worker", workers="2", mail_timeout="60"):
        installation.start("worker2", workers="2", mail_timeout="60")
        try:
            with installation.session() as session:
                told = session.query(Mail).filter_by(claim_id=claim.id, kind="approved").one()
                for number in range(MANY):
                    reader = Recipient(f"reader{number}@side.example.org", "", "en")
                    outbox.put(session, told.kind, reader, told.context, now=installation.now(), claim_id=claim.id)
            stuck = {f"RCPT TO:<{address}>" for address in hung}
            installation.eventually(lambda: stuck <= set(smtp.commands), "three workers are at it at once")
            smtp.behave()
            installation.all_mail_is_out()
        finally:
            installation.stop("worker2")
    came = [mail for mail in smtp.mails if mail.recipients[0].endswith("@side.example.org")]
    times = Counter(str(mail.message["Message-ID"]) for mail in came)
    assert len(times) == MANY
    assert set(times.values()) == {1}, "some were sent twice"


def test_a_worker_killed_over_a_hand_over_posts_it_again_with_the_same_key(installation: Installation) -> None:
    quick_claims.running(installation)
    with assessor_server.running() as assessor:
        told = {"assessor": "webhook", "assessment_url": assessor.url, "assessment_secrets": SECRET}
        assessor.answers.append(HANG)
        with installation.without("worker", **told):
            installation.forward(days=8, hours=1)
            installation.eventually(lambda: assessor.received, "the assessor was told")
            installation.kill("worker")
            installation.start("worker", **told)
            installation.sweep()
            key = assessor.received[0].headers["Idempotency-Key"]
            assert _keys(assessor).count(key) == 1, "it was taken from a worker that may still live"
            installation.forward(minutes=LEASE_MINUTES)
            undelivered = "SELECT 1 FROM handovers WHERE state <> 'delivered'"
            installation.eventually(lambda: not installation.query(undelivered), "everything is handed over")
        assert _keys(assessor).count(key) == 2
        first, second = (each for each in assessor.received if each.headers["Idempotency-Key"] == key)
        assert first.body == second.body
        assert {number for each, number in Counter(_keys(assessor)).items() if each != key} <= {1}


def test_a_worker_killed_over_a_reminder_leaves_the_partner_reminded_once_that_day(
    installation: Installation,
) -> None:
    with installation.session() as session:
        claim: Claim = claims.partner_action_required(session, installation.programme, now=installation.now())
        assert claim.due_at is not None
        due = claim.due_at.astimezone(installation.programme.calendar.zone).date()
    installation.all_mail_is_out()
    with installation.engine.connect() as in_the_way:
        in_the_way.execute(text("SELECT 1 FROM claims WHERE id = :id FOR UPDATE"), {"id": claim.id})
        _be_at_nine(installation, due)
        _kill_once_it_waits(installation)
    reminders = "SELECT 1 FROM mails WHERE kind = 'partner-reminder' AND claim_id = :id"
    installation.eventually(lambda: installation.query(reminders, id=claim.id), "the partner is reminded")
    installation.sweep()
    assert len(installation.query(reminders, id=claim.id)) == 1


def test_a_worker_killed_over_the_digest_leaves_administrators_with_one_that_day(installation: Installation) -> None:
    with installation.session() as session:
        admin = factories.user(session, Role.ADMINISTRATOR)
        claims.submitted(session, installation.programme, now=installation.now() - timedelta(days=30))
    take = "INSERT INTO heartbeats (name, at) VALUES ('overdue-digest', '2000-01-01') ON CONFLICT (name) DO UPDATE"
    with installation.engine.connect() as in_the_way:
        in_the_way.execute(text(f"{take} SET at = heartbeats.at"))
        _be_at_nine(installation, (installation.now() + timedelta(days=1)).date())
        _kill_once_it_waits(installation)
    digests = "SELECT 1 FROM mails WHERE kind = 'overdue-digest' AND to_address = :to AND queued_at > :since"
    since = installation.now() - timedelta(hours=1)
    installation.eventually(lambda: installation.query(digests, to=admin.email, since=since), "the digest is sent")
    installation.sweep()
    assert len(installation.query(digests, to=admin.email, since=since)) == 1


def _keys(assessor: assessor_server.AssessorServer) -> list[str]:
    return [each.headers["Idempotency-Key"] for each in assessor.received]


def _be_at_nine(installation: Installation, day: date) -> None:
    nine = datetime.combine(day, time(9), installation.programme.calendar.zone)
    installation.forward(seconds=(nine - installation.now()).total_seconds())


def _kill_once_it_waits(installation: Installation) -> None:
    """Kill the worker in the midst of the job that waits for a row, and start another one."""
    installation.eventually(lambda: installation.query(WAITING), "the worker waits for a row")
    installation.kill("worker")
    installation.eventually(lambda: not installation.query(WAITING), "its transaction is gone")
    installation.start("worker")
