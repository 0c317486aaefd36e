"""The line to Redis, given up soon, as no page may wait for it. Whoever asks Redis imports this then: it is large."""

from functools import cache

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT_SECONDS = 0.2


@cache
def to(url: str) -> Redis:
    """Return the one client of this process for `url`. It opens a connection when it is first asked something."""
    return Redis.from_url(
        url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, retry=Retry(NoBackoff(), 0)
    )
