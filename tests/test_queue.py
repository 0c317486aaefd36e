"""The bell is rung once for what comes within a moment."""

import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import redis
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from cpor_web import queue, redis_line
from cpor_web.config import Settings
from cpor_web.queue import CLOSE_WINDOWS, SEND_MAIL, Doorbell
from tests.support.full_redis import full


@pytest.fixture
def bell(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doorbell]:
    """A bell of this test's own, at a Redis that has nothing, and that is given time on a busy machine."""
    monkeypatch.setattr(redis_line, "TIMEOUT_SECONDS", 30)
    monkeypatch.setattr(redis_line, "to", redis_line.to.__wrapped__)
    bell = Doorbell()
    bell.connect(settings.redis_url)
    with redis.Redis.from_url(settings.redis_url) as connection:
        connection.flushdb()
        yield bell
        bell.connect("")
        connection.flushdb()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys that Redis was asked to set."""
    asked: list[str] = []
    ask = Redis.set

    def note(self: Redis, name: str, *about: object, **more: object) -> object:
        asked.append(name)
        return ask(self, name, *about, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Redis, "set", note)
    return asked


def test_redis_is_asked_once_within_a_moment_and_for_each_job(
    bell: Doorbell, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "COALESCED_MS", 3_600_000)
    assert [bell.ring(job) for job in (SEND_MAIL, SEND_MAIL, CLOSE_WINDOWS, SEND_MAIL)] == [True] * 4
    assert asked == [f"cpor:rung:{SEND_MAIL}", f"cpor:rung:{CLOSE_WINDOWS}"]


@pytest.fixture
def long_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A moment within which all of a test's steps come on a busy machine, too."""
    monkeypatch.setattr(queue, "COALESCED_MS", 2_000)


@pytest.mark.usefixtures("long_moment")
def test_what_is_rung_within_a_moment_is_one_more_job_at_its_end(bell: Doorbell, settings: Settings) -> None:
    for _each in range(3):
        assert bell.ring(SEND_MAIL)
    assert _taken(settings) == [SEND_MAIL]
    assert _next_taken(settings) == [SEND_MAIL]
    time.sleep(2 * queue.COALESCED_MS / 1000)
    assert _taken(settings) == []


@pytest.mark.usefixtures("long_moment")
def test_what_another_process_rang_for_a_moment_ago_is_rung_for_again(bell: Doorbell, settings: Settings) -> None:
    other = Doorbell()
    other.connect(settings.redis_url)
    assert other.ring(SEND_MAIL)
    assert _taken(settings) == [SEND_MAIL]
    assert bell.ring(SEND_MAIL)
    assert _taken(settings) == []
    assert _next_taken(settings) == [SEND_MAIL]


def test_it_is_asked_again_where_it_may_have_forgotten(
    bell: Doorbell, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "COALESCED_MS", 1)
    monkeypatch.setattr(queue, "time", SimpleNamespace(monotonic=iter([5.0, 5.002]).__next__))
    assert bell.ring(SEND_MAIL)
    assert bell.ring(SEND_MAIL)
    assert len(asked) == 2


def test_it_is_asked_once_too_where_enough_waits_already(
    bell: Doorbell, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "COALESCED_MS", 3_600_000)
    monkeypatch.setattr(queue, "ENOUGH_WAITING", 0)
    assert [bell.ring(SEND_MAIL), bell.ring(SEND_MAIL)] == [True, True]
    assert len(asked) == 1


def test_redis_that_did_not_answer_is_not_asked_again_at_once_but_soon(
    bell: Doorbell, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "AWAY_SECONDS", 0.5)
    bell.connect("redis://127.0.0.1:1/0")
    assert [bell.ring(SEND_MAIL), bell.ring(SEND_MAIL), bell.ring(CLOSE_WINDOWS)] == [False] * 3
    assert len(asked) == 1
    until = time.monotonic() + 10
    while len(asked) == 1:
        assert time.monotonic() < until, "nobody asked again"
        time.sleep(0.05)


@pytest.mark.parametrize("url", ["redis://:Zq/9abc@127.0.0.1:6379/0", "redis://127.0.0.1/0?Zq=9abc"])
def test_a_ring_raises_nothing_after_a_commit_and_logs_nothing_of_the_address(
    bell: Doorbell, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    bell.connect(url)
    assert not bell.ring(SEND_MAIL)
    assert "cannot be rung" in caplog.text
    assert "Zq" not in caplog.text


def test_the_log_names_why_a_redis_takes_no_ring(
    bell: Doorbell, caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    with full(settings.redis_url):
        assert not bell.ring(SEND_MAIL)
    assert "OutOfMemoryError" in caplog.text


def test_a_ring_that_reached_nobody_silences_no_other(
    bell: Doorbell, settings: Settings, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "COALESCED_MS", 3_600_000)
    bell.connect("redis://127.0.0.1:1/0")
    assert not bell.ring(SEND_MAIL)
    bell.connect(settings.redis_url)
    assert bell.ring(SEND_MAIL)
    assert len(asked) == 2


def _next_taken(settings: Settings) -> list[str]:
    for _try in range(200):
        if names := _taken(settings):
            return names
        time.sleep(0.05)
    return []


def _taken(settings: Settings) -> list[str]:
    """Take the jobs that wait, as a worker does, and return their names."""
    with redis.Redis.from_url(settings.redis_url) as connection:
        waiting = Queue(queue.QUEUE, connection=connection, serializer=JSONSerializer)
        names = [job.func_name for job in waiting.jobs]
        waiting.empty()
    return names
