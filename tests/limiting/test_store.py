"""Where limits are counted is opened when the first is."""

import time
from collections.abc import Iterator

import pytest
from limits.storage import RedisStorage, Storage, storage_from_string
from redis import Redis
from redis.exceptions import ConnectionError as RedisIsAway

from cpor_web.config import Settings
from cpor_web.limiting.store import LATER
from cpor_web.web.flask_settings import for_flask
from tests.support.full_redis import full

A_MINUTE = 60


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of the stores of limits that were opened in Redis."""
    made: list[str] = []
    make = RedisStorage.__init__

    def noted(self: RedisStorage, uri: str, **more: object) -> None:
        made.append(uri)
        make(self, uri, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(RedisStorage, "__init__", noted)
    return made


@pytest.fixture
def store(settings: Settings, made: list[str]) -> Iterator[Storage]:
    """The store that the application counts its limits in, with nothing in it."""
    store = storage_from_string(for_flask(settings)["RATELIMIT_STORAGE_URI"], socket_timeout=5)
    assert isinstance(store, Storage)
    assert made == []
    store.reset()
    yield store
    store.reset()


def test_it_counts_in_redis_and_opens_it_once(store: Storage, settings: Settings, made: list[str]) -> None:
    assert store.check()
    assert [store.incr("tries", A_MINUTE), store.incr("tries", A_MINUTE, 2)] == [1, 3]
    assert store.get("tries") == 3
    assert store.get_expiry("tries") > 0
    store.clear("tries")
    assert store.get("tries") == 0
    assert len(made) == 1
    assert made[0].endswith(settings.redis_url)


def test_what_redis_does_not_write_down_is_counted_here_beside_what_it_knows(
    store: Storage, settings: Settings
) -> None:
    store.incr("tries", A_MINUTE, 2)
    with full(settings.redis_url):
        assert [store.incr("tries", A_MINUTE), store.incr("others", A_MINUTE)] == [3, 1]
        assert [store.get("tries"), store.get("others")] == [3, 1]
        assert store.get_expiry("others") > time.time() + A_MINUTE / 2
    assert store.incr("tries", A_MINUTE) == 4
    store.clear("tries")
    assert [store.get("tries"), store.get("others")] == [0, 1]
    store.reset()
    assert store.get("others") == 0


def test_a_redis_that_was_full_before_anything_was_counted_is_counted_for_too(
    settings: Settings, store: Storage
) -> None:
    with Redis.from_url(settings.redis_url) as redis:
        redis.script_flush()
    with full(settings.redis_url):
        assert [store.incr("tries", A_MINUTE) for _ in range(2)] == [1, 2]


def test_what_goes_wrong_in_redis_is_told_as_redis_tells_it() -> None:
    store = storage_from_string(f"{LATER}redis://127.0.0.1:1/0")
    assert isinstance(store, Storage)
    with pytest.raises(RedisIsAway):
        store.incr("tries", A_MINUTE)
    assert issubclass(RedisIsAway, store.base_exceptions)
