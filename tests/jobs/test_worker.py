"""What a worker runs, and what it refuses."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis
from rq import Callback, Queue
from rq.job import Job
from rq.serializers import JSONSerializer, PickleSerializer

from cpor_web import logs
from cpor_web.config import Settings
from cpor_web.monitoring import figures, job_times
from cpor_web.queue import JOBS, QUEUE, SEND_MAIL
from jobs.turn import Turn
from jobs.worker import BareJob, ListedWorker, is_listed


@pytest.fixture
def connection(settings: Settings) -> Iterator[Redis]:
    with Redis.from_url(settings.redis_url) as connection:
        yield connection
        connection.flushdb()


@pytest.fixture
def signals() -> Iterator[None]:
    """What is done on a signal, put back after a worker has changed it."""
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    yield
    for each, done in before.items():
        signal.signal(each, done)


def _fetched(connection: Redis, name: str, *, by: Any = JSONSerializer, **more: Any) -> Job:
    job = Job.create(name, connection=connection, serializer=by, **more)
    job.save()
    return BareJob.fetch(job.id, connection=connection, serializer=JSONSerializer)


@pytest.mark.parametrize("name", sorted(JOBS))
def test_each_job_of_ours_is_listed(connection: Redis, name: str) -> None:
    assert is_listed(_fetched(connection, name))


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("os.getpid", {}),
        (f"{SEND_MAIL}.__call__", {}),
        (SEND_MAIL, {"args": (1,)}),
        (SEND_MAIL, {"kwargs": {"until": 1}}),
        (SEND_MAIL, {"by": PickleSerializer}),
        (SEND_MAIL, {"on_success": Callback("os.getpid")}),
        (SEND_MAIL, {"on_failure": Callback("os.getpid")}),
        (SEND_MAIL, {"on_stopped": Callback("os.getpid")}),
    ],
)
def test_a_foreign_job_is_not(connection: Redis, name: str, more: dict[str, Any]) -> None:
    assert not is_listed(_fetched(connection, name, **more))


def test_a_job_has_no_callbacks_whatever_redis_says(connection: Redis) -> None:
    job = _fetched(connection, SEND_MAIL, on_failure=Callback("no.such.module"))
    assert job.failure_callback is None
    assert job.success_callback is None
    assert job.stopped_callback is None


def _fail() -> None:
    raise TimeoutError


@pytest.mark.parametrize(("act", "expected"), [(lambda: None, (1, 0)), (_fail, (0, 1))], ids=["done", "failed"])
def test_a_run_is_counted_with_how_it_ended_and_its_lines_say_whose_they_are(
    connection: Redis,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    act: Callable[[], None],
    expected: tuple[int, int],
) -> None:
    seen: list[str] = []
    monkeypatch.setattr("jobs.mail.drain", lambda: (seen.append(logs.job_id.get()), act())[1])
    connection.delete(job_times.KEY)
    queue = Queue("cpor-tests-runs", connection=connection, serializer=JSONSerializer, job_class=BareJob)
    job = queue.enqueue(SEND_MAIL, job_timeout=-1)
    worker = ListedWorker([queue], connection=connection, serializer=JSONSerializer, job_class=BareJob)
    worker.execute_job(job, queue)
    counted = job_times.read(connection)[SEND_MAIL]
    assert (counted.done, counted.failed) == expected
    assert counted.seconds > 0
    assert seen == [job.id]
    assert ("a job failed" in caplog.text) is bool(counted.failed)
    queue.delete(delete_jobs=True)
    connection.delete(job_times.KEY)


def test_a_job_that_runs_while_its_worker_is_told_to_stop_leaves_what_it_has_not_begun(
    connection: Redis, signals: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[bool] = []

    def drain() -> None:
        turn = Turn()
        turns.append(turn.is_over())
        os.kill(os.getpid(), signal.SIGTERM)
        turns.append(turn.is_over())

    monkeypatch.setattr("jobs.turn.told_to_stop", told := threading.Event())
    monkeypatch.setattr("jobs.worker.told_to_stop", told)
    monkeypatch.setattr("jobs.mail.drain", drain)
    queue = Queue("cpor-tests-stop", connection=connection, serializer=JSONSerializer, job_class=BareJob)
    for _ in range(2):
        queue.enqueue(SEND_MAIL, job_timeout=-1)
    worker = ListedWorker([queue], connection=connection, serializer=JSONSerializer, job_class=BareJob)
    worker.work(burst=True, logging_level="WARNING")
    assert turns == [False, True]
    assert queue.count == 1, "it went on with the next job"


def test_a_worker_that_lives_counts_again_after_redis_was_emptied_and_not_once_it_has_ended(
    connection: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.mail.drain", lambda: None)
    queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer, job_class=BareJob)
    worker = ListedWorker([queue], connection=connection, serializer=JSONSerializer, job_class=BareJob)
    worker.register_birth()  # type: ignore[no-untyped-call]
    for live in (worker.heartbeat, lambda: worker.execute_job(queue.enqueue(SEND_MAIL, job_timeout=-1), queue)):
        connection.flushall()
        assert figures.in_redis(connection).workers == 0
        live()
        assert figures.in_redis(connection).workers == 1
        assert 0 < connection.ttl(worker.key) <= worker.worker_ttl + 60, "killed, it would count for ever"
    worker.register_death()  # type: ignore[no-untyped-call]
    assert figures.in_redis(connection).workers == 0
