"""Redis is written to by somebody else, or read along: nothing foreign runs, nothing leaks."""

import os
import pickle
import re
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from rq import Callback, Queue
from rq.job import Job
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer, PickleSerializer

from cpor_web.queue import ASSESS, QUEUE
from tests.support import quick_claims
from tests.support.cast import RESTORE, Cast, link_in
from tests.support.installation import WITHIN, Installation

THE_END = "nobody listens any longer"
TOKEN = re.compile(rb"/[douy]/([A-Za-z0-9_~-]{20,})")


class Bomb:
    """Something that runs a command as soon as it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.canary),)


def test_foreign_jobs_and_their_callbacks_are_refused_unrun(installation: Installation, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    with installation.without("worker", test_canary=str(canary)), Redis.from_url(installation.redis.url) as redis:
        pickled = Queue(QUEUE, connection=redis, serializer=PickleSerializer)
        plain = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
        foreign = [
            pickled.enqueue(os.mkdir, str(canary)),
            pickled.enqueue(ASSESS, Bomb(canary)),
            plain.enqueue("os.mkdir", str(canary)),
            plain.enqueue("tests.faults.canary.sing"),
            plain.enqueue("jobs.mail.drain.__globals__"),
            plain.enqueue(ASSESS, "an argument"),
            plain.enqueue(ASSESS, meta={}, on_success=Callback("tests.faults.canary.sing")),
            plain.enqueue(ASSESS, 1, on_failure=Callback("tests.faults.canary.sing")),
            _with_a_bomb_for_meta(plain, redis, canary),
        ]
        _leave_an_abandoned_job(plain, redis)
        ids = {job.id.encode() for job in foreign}  # of ours there may always be one: the ticker goes on
        installation.eventually(lambda: not ids & set(redis.lrange(plain.key, 0, -1)), "all were taken")
        installation.sweep()
        left = [job.id for job in foreign if Job.exists(job.id, redis)]
        assert left == [], "some are still there"
        claim = quick_claims.running(installation)  # it goes on working
    assert claim.is_running()
    assert not canary.exists(), "something foreign was run"


def _with_a_bomb_for_meta(queue: Queue, redis: Redis, canary: Path) -> Job:
    job = queue.enqueue("os.mkdir", str(canary))
    redis.hset(
        job.key, mapping={"meta": pickle.dumps(Bomb(canary)), "data": zlib.compress(pickle.dumps(Bomb(canary)))}
    )
    return job


def _leave_an_abandoned_job(queue: Queue, redis: Redis) -> None:
    """Pretend that a worker died over a job: what clears up after it calls the job's callback."""
    job = Job.create(
        ASSESS, connection=redis, serializer=JSONSerializer, on_failure=Callback("tests.faults.canary.sing")
    )
    job.save()
    redis.zadd(StartedJobRegistry(QUEUE, redis).key, {f"{job.id}:execution": 1})
    redis.delete(queue.registry_cleaning_key)


@pytest.fixture
def everything_told_to_redis(installation: Installation) -> Iterator["Watch"]:
    with Watch(installation) as watch:
        yield watch


class Watch:
    """Reads along with every command that Redis is given."""

    def __init__(self, installation: Installation) -> None:
        self._redis: Redis = Redis.from_url(installation.redis.url, socket_timeout=WITHIN)
        self.commands: list[str] = []

    def __enter__(self) -> "Watch":
        self._monitor = self._redis.monitor()
        self._monitor.__enter__()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._redis.echo(THE_END)
        self._thread.join(WITHIN)
        self._monitor.__exit__(None, None, None)
        self._redis.close()

    def _read(self) -> None:
        while THE_END not in (command := str(self._monitor.next_command()["command"])):
            self.commands.append(command)


def test_no_address_and_no_token_gets_into_redis_or_into_a_log(
    installation: Installation, everything_told_to_redis: Watch
) -> None:
    cast = Cast.gather(installation).file().approve()
    installation.person().open(link_in(cast.notice(), "d")).press(
        "Deny this association", {"Why do you deny it?": "Other"}
    )
    undo = link_in(installation.mail_to(cast.carla_address, "Recorded"), "u")
    installation.person().open(undo).press(*RESTORE)
    installation.person().open(f"{undo}x")
    installation.person().open("/login").press("Sign in", {"Email": cast.ines_address, "Password": "a wrong one"})
    installation.all_mail_is_out()
    installation.sweep()

    tokens = {token.decode() for mail in installation.smtp.mails for token in TOKEN.findall(mail.raw)}
    assert len(tokens) >= 3
    told = "\n".join(everything_told_to_redis.commands)
    assert ASSESS in told, "nobody has listened"
    for secret in (*tokens, "@", cast.customer, cast.reference):
        assert secret not in told, f"Redis was told {secret}"
    for name, log in installation.logs().items():
        found = [secret for secret in (*tokens, cast.carla_address, cast.ines_address) if secret in log]
        assert found == [], f"the log of {name} holds them"
    assert "/d/<token>" in installation.logs()["web"], "the web has logged nothing"
