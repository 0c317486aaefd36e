"""Readiness tells the truth: what cannot serve says so with 503, what limps serves on and is named."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from cpor_web import redis_line
from cpor_web.clock import CLOCKS_APART
from cpor_web.config import Settings
from cpor_web.database import schema
from cpor_web.models import Heartbeat, Mail, MailState
from cpor_web.monitoring.figures import TICKER
from tests.support.browser import Browser
from tests.support.full_redis import full
from tests.support.live_worker import worker as worker
from tests.support.other_apps import AppWith
from tests.support.servers import free_port

MINUTE = timedelta(minutes=1)


@pytest.fixture
def ticking(committed: Session) -> None:
    """A ticker that has just ticked."""
    committed.add(Heartbeat(name=TICKER, at=datetime.now(UTC)))
    committed.commit()


@pytest.fixture
def at_revision(engine: Engine) -> Iterator[object]:
    """Let the tables stand at another migration for a while."""

    def stand(revision: str) -> None:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})

    yield stand
    stand(schema.head())


def test_all_is_well(client: Browser, worker: None, ticking: None) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert (answer.json["status"], answer.json["degraded"]) == ("ok", [])
    assert (answer.json["migrations"], answer.json["redis"], answer.json["workers"]) == ("ok", "ok", "ok")


def test_a_worker_that_was_killed_and_is_forgotten_counts_no_longer(
    client: Browser, settings: Settings, worker: None, ticking: None
) -> None:
    with Redis.from_url(settings.redis_url) as redis:
        redis.delete(*redis.scan_iter("rq:worker:*"))
    assert client.get("/readyz").json["degraded"] == ["workers"]


def test_whoever_asks_for_workers_leaves_pages_their_patience_with_redis(
    client: Browser, settings: Settings, worker: None
) -> None:
    assert client.get("/readyz").json["workers"] == "ok"
    pool = redis_line.to(settings.redis_url).connection_pool
    assert pool.connection_kwargs["socket_timeout"] == redis_line.TIMEOUT_SECONDS


def test_a_silent_ticker_and_missing_workers_are_named_and_the_pages_stay_up(
    client: Browser, committed: Session
) -> None:
    committed.add(Heartbeat(name=TICKER, at=datetime.now(UTC) - timedelta(minutes=11)))
    committed.commit()
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert (answer.json["status"], answer.json["degraded"]) == ("degraded", ["ticker", "workers"])


def test_a_tick_of_a_clock_that_was_ahead_is_no_sign_of_life(
    client: Browser, committed: Session, worker: None
) -> None:
    for ahead, expected in ((CLOCKS_APART - MINUTE, []), (CLOCKS_APART + MINUTE, ["ticker"])):
        committed.merge(Heartbeat(name=TICKER, at=datetime.now(UTC) + ahead))
        committed.commit()
        assert client.get("/readyz").json["degraded"] == expected


def test_late_mail_is_named(client: Browser, committed: Session, worker: None, ticking: None) -> None:
    now = datetime.now(UTC)
    for minutes, expected in ((14, []), (16, ["mail"])):
        mail = Mail(kind="invitation", to_address="x@adatum.example.org", language="en", state=MailState.QUEUED)
        mail.queued_at = mail.due_at = now - timedelta(minutes=minutes)
        committed.add(mail)
        committed.commit()
        assert client.get("/readyz").json["degraded"] == expected


def _mail(session: Session, state: MailState, **moments: datetime) -> Mail:
    mail = Mail(kind="invitation", to_address="x@adatum.example.org", language="en", state=state, **moments)
    session.add(mail)
    session.commit()
    return mail


def test_mail_that_is_put_off_is_named_until_the_server_takes_some(
    client: Browser, committed: Session, worker: None, ticking: None
) -> None:
    now = datetime.now(UTC)
    for minutes, expected in ((14, []), (16, ["mail"])):
        tried = {"first_tried_at": now - minutes * MINUTE, "due_at": now + 50 * MINUTE}
        _mail(committed, MailState.DEFERRED, queued_at=now - 70 * MINUTE, **tried)
        assert client.get("/readyz").json["degraded"] == expected
    assert 16 * 60 <= client.get("/readyz").json["outbox"]["oldest_deferred_seconds"] < 17 * 60
    for minutes, expected in ((17, ["mail"]), (15, [])):
        taken = now - minutes * MINUTE
        _mail(committed, MailState.SENT, queued_at=taken, sent_at=taken, ended_at=taken)
        assert client.get("/readyz").json["degraded"] == expected


def test_mail_that_was_never_put_off_waits_since_it_was_queued_however_often_it_was_begun(
    client: Browser, committed: Session, worker: None, ticking: None
) -> None:
    now = datetime.now(UTC)
    mail = _mail(committed, MailState.QUEUED, queued_at=now - 16 * MINUTE, due_at=now)
    assert client.get("/readyz").json["degraded"] == ["mail"]
    mail.first_tried_at = now - MINUTE
    committed.commit()
    assert client.get("/readyz").json["degraded"] == []


@pytest.mark.parametrize(
    ("revision", "status", "said"), [("0003", 503, "behind"), ("9999", 200, "newer"), ("", 503, "missing")]
)
def test_tables_of_before_cannot_be_worked_with_and_newer_ones_can(
    client: Browser, committed: Session, at_revision: object, engine: Engine, revision: str, status: int, said: str
) -> None:
    assert callable(at_revision)
    if revision:
        at_revision(revision)
    else:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE alembic_version RENAME TO elsewhere"))
    try:
        answer = client.get("/readyz")
    finally:
        if not revision:
            with engine.begin() as connection:
                connection.execute(text("ALTER TABLE elsewhere RENAME TO alembic_version"))
    assert (answer.status_code, answer.json["migrations"]) == (status, said)


def _ready(app: Flask, **headers: str) -> dict[str, object]:
    browser = app.test_client()
    browser.get("/login", headers=headers)
    answer = browser.get("/readyz")
    assert answer.json is not None
    return dict(answer.json)


def test_a_redis_that_answers_and_takes_no_writes_is_away(
    client: Browser, settings: Settings, worker: None, ticking: None
) -> None:
    with full(settings.redis_url):
        found = client.get("/readyz").json
    assert (found["degraded"], found["redis"]) == (["redis", "workers"], "away")


def test_a_redis_that_is_away_degrades_and_does_not_take_down(app_with: AppWith, committed: Session) -> None:
    app = app_with(redis_url=f"redis://127.0.0.1:{free_port()}/0")
    found = _ready(app)
    assert (found["status"], found["redis"], found["workers"]) == ("degraded", "away", "unknown")


def test_a_database_that_is_away_takes_down(app_with: AppWith) -> None:
    url = f"postgresql+psycopg://cpor@127.0.0.1:{free_port()}/cpor"
    answer = app_with(database_url=url).test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"status": "down", "database": "down"})


@pytest.mark.parametrize(
    ("proxies", "headers", "said"),
    [(0, {}, "none"), (1, {}, "bypassed"), (1, {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}, "ok")],
)
def test_in_production_people_come_through_a_proxy(
    app_with: AppWith, committed: Session, proxies: int, headers: dict[str, str], said: str
) -> None:
    app = app_with(environment="production", trusted_proxies=proxies)
    assert _ready(app, **headers)["proxy"] == said
