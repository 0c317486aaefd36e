"""A worker that lives, as RQ notes it, as a fixture: whoever uses it imports it."""

from collections.abc import Iterator

import pytest
from redis import Redis
from rq import Worker
from rq.serializers import JSONSerializer

from cpor_web.config import Settings
from cpor_web.queue import QUEUE

__all__ = ["worker"]


@pytest.fixture
def worker(settings: Settings) -> Iterator[None]:
    """A worker that gives a sign of life."""
    with Redis.from_url(settings.redis_url) as redis:
        worker = Worker([QUEUE], connection=redis, serializer=JSONSerializer)
        worker.register_birth()
        yield
        worker.register_death()
        redis.delete(worker.key)
