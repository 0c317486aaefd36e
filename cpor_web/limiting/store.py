"""Where limits are counted: in the store that an address names, made when the first is."""

from functools import cached_property
from typing import Any, cast

from limits.storage import MemoryStorage, Storage, storage_from_string

LATER = "later+"
"""What stands before the address of a store that is made when it is first asked."""


class StoreMadeLater(Storage):
    """Stands for a store until one is asked for: that of Redis loads its library, which is large.

    What Redis answers that it does not write down, being full or a replica, is counted here, beside what it knows.
    It can be read then, and answers a ping, so Flask-Limiter's own memory is not turned to, or not for long.
    """

    STORAGE_SCHEME = [f"{LATER}{scheme}" for scheme in ("redis", "rediss", "redis+unix")]  # noqa: RUF012 - as limits asks

    def __init__(self, uri: str, **options: Any) -> None:
        super().__init__(uri)
        self._uri, self._options = uri.removeprefix(LATER), options
        self._here = MemoryStorage()

    @cached_property
    def _store(self) -> Storage:
        return cast(Storage, storage_from_string(self._uri, **self._options))

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return self._store.base_exceptions

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        from redis.exceptions import ResponseError

        try:
            return self._store.incr(key, expiry, amount) + self._here.get(key)
        except ResponseError:
            return self._here.incr(key, expiry, amount) + self._store.get(key)

    def get(self, key: str) -> int:
        return self._store.get(key) + self._here.get(key)

    def get_expiry(self, key: str) -> float:
        return max(self._store.get_expiry(key), self._here.get_expiry(key))

    def check(self) -> bool:
        return self._store.check()

    def reset(self) -> int | None:
        self._here.reset()
        return self._store.reset()

    def clear(self, key: str) -> None:
        self._here.clear(key)
        self._store.clear(key)
