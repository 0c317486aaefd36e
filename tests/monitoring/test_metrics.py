"""What Prometheus reads: numbers that are true, nobody's data, and only for who may read them."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from math import inf

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from sqlalchemy.orm import Session

from cpor_web.config import Settings
from cpor_web.models import Heartbeat, Mail, MailState
from cpor_web.monitoring import job_times, metrics
from cpor_web.monitoring.figures import TICKER
from cpor_web.silence.unread import EMPTIED
from tests.support.other_apps import AppWith
from tests.support.servers import free_port

TOKEN = "a-token-of-the-tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def measured(app_with: AppWith, committed: Session) -> Flask:
    """An application of its own, so that its counts start at zero."""
    return app_with(metrics_token=TOKEN)


def samples(app: Flask) -> dict[tuple[str, ...], float]:
    """Return every sample by its name and its labels' values, in order."""
    answer = app.test_client().get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    families = text_string_to_metric_families(answer.text)
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer another"}, {"Authorization": f"bearer {TOKEN}x"}])
def test_without_the_token_there_is_no_such_page(measured: Flask, headers: dict[str, str]) -> None:
    assert measured.test_client().get("/metrics", headers=headers).status_code == 404


def test_with_neither_token_nor_network_nobody_reads_them(app: Flask, committed: Session) -> None:
    assert app.test_client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize(("network", "status"), [("127.0.0.0/8", 200), ("10.0.0.0/8", 404), ("::1", 404)])
def test_a_network_may_read_without_a_token(app_with: AppWith, committed: Session, network: str, status: int) -> None:
    app = app_with(metrics_from=(ip_network(network),))
    assert app.test_client().get("/metrics").status_code == status


def test_requests_are_counted_by_endpoint_and_never_by_path(measured: Flask) -> None:
    browser = measured.test_client()
    for path in ("/healthz", "/healthz", "/d/a-token-of-a-customer", "/no-such-page"):
        browser.get(path)
    browser.open("/healthz", method="NONSENSE")
    found = samples(measured)
    assert found["cpor_requests_total", "health.alive", "GET", "200"] == 2
    assert found["cpor_request_seconds_count", "health.alive"] == 2
    assert found["cpor_requests_total", "none", "other", "405"] == 1
    assert not [name for name in found if "a-token-of-a-customer" in "".join(name)]


def test_the_outbox_is_told_in_numbers_and_asked_for_once_in_a_while(
    measured: Flask, committed: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "KEPT_SECONDS", 3600.0)
    now = datetime.now(UTC)
    mail = Mail(kind="invitation", to_address="x@adatum.example.org", language="en", state=MailState.QUEUED)
    mail.queued_at = mail.due_at = now - timedelta(hours=1)
    committed.add(mail)
    committed.commit()
    found = samples(measured)
    assert (found["cpor_mails", "queued"], found["cpor_mails", "sent"], found["cpor_mails_due",]) == (1, 0, 1)
    assert 3600 <= found["cpor_mail_oldest_due_seconds",] < 3700
    assert (found["cpor_database_up",], found["cpor_redis_up",], found["cpor_holding",]) == (1, 1, 0)
    committed.delete(mail)
    committed.commit()
    assert samples(measured)["cpor_mails_due",] == 1, "it asked the database again within the moment"


def test_mail_that_is_put_off_has_a_figure_of_its_own(measured: Flask, committed: Session) -> None:
    now = datetime.now(UTC)
    mail = Mail(kind="invitation", to_address="x@adatum.example.org", language="en", state=MailState.DEFERRED)
    mail.queued_at = mail.first_tried_at = now - timedelta(hours=1)
    mail.due_at = now + timedelta(hours=1)
    committed.add(mail)
    committed.commit()
    found = samples(measured)
    assert found["cpor_mail_oldest_due_seconds",] == 0
    assert 3600 <= found["cpor_mail_oldest_deferred_seconds",] < 3700


def test_what_a_clock_noted_that_was_ahead_counts_as_long_ago(measured: Flask, committed: Session) -> None:
    now = datetime.now(UTC)
    committed.add(Heartbeat(name=TICKER, at=now + timedelta(seconds=30)))
    committed.add(Heartbeat(name=EMPTIED, at=now + timedelta(hours=2)))
    committed.commit()
    found = samples(measured)
    assert (found["cpor_ticker_seconds",], found["cpor_mailbox_seconds",]) == (0, inf)
    assert ("cpor_checkpoint_seconds",) not in found, "there is none"


def test_what_jobs_took_is_counted_over_all_workers(measured: Flask, settings: Settings) -> None:
    with Redis.from_url(settings.redis_url) as redis:
        redis.delete(job_times.KEY)
        for succeeded in (True, True, False):
            job_times.note(redis, "jobs.mail.drain", seconds=0.5, succeeded=succeeded)
        found = samples(measured)
        redis.delete(job_times.KEY)
    assert found["cpor_jobs_total", "jobs.mail.drain", "done"] == 2
    assert found["cpor_jobs_total", "jobs.mail.drain", "failed"] == 1
    assert found["cpor_job_seconds_total", "jobs.mail.drain"] == 1.5


def test_a_database_and_a_redis_that_are_away_are_said_to_be(app_with: AppWith) -> None:
    away = f"127.0.0.1:{free_port()}"
    urls = {"database_url": f"postgresql+psycopg://cpor@{away}/cpor", "redis_url": f"redis://{away}/0"}
    found = samples(app_with(metrics_token=TOKEN, **urls))
    assert (found["cpor_database_up",], found["cpor_redis_up",]) == (0, 0)
    assert ("cpor_mails_due",) not in found
