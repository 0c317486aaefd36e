"""A Redis that answers, and takes no more."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis


@contextmanager
def full(url: str) -> Iterator[None]:
    """Leave the Redis at `url` no memory for a while: it can be read, and refuses what is written."""
    with Redis.from_url(url) as redis:
        redis.config_set("maxmemory", 1)
        try:
            yield
        finally:
            redis.config_set("maxmemory", 0)
