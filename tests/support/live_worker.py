"""A worker that lives, as RQ notes it, as a fixture: whoever uses it imports it."""

from collections.abc import Iterator

import pytest
from redis import Redis

from cpor_web.config import Settings
from cpor_web.queue import QUEUE

__all__ = ["worker"]


@pytest.fixture
def worker(settings: Settings) -> Iterator[None]:
    """A worker that gives a sign of life."""
    with Redis.from_url(settings.redis_url) as redis:
        redis.sadd("rq:workers", "rq:worker:one")
        redis.hset(
            "rq:worker:one", mapping={"queues": QUEUE, "birth": "2026-01-05T10:00:00.000000Z", "state": "idle"}
        )
        yield
        redis.srem("rq:workers", "rq:worker:one")
        redis.delete("rq:worker:one")
