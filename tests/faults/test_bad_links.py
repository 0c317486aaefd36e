"""Who has a link is answered however often; who guesses is limited, with Redis and without, and sees no error."""

import os
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from itertools import count
from urllib.parse import urlsplit

from cpor_web.config import Settings
from cpor_web.customers.blueprint import BAD_LINKS
from tests.support import quick_claims
from tests.support.cast import link_in
from tests.support.installation import Installation

ALLOWED = int(BAD_LINKS.split()[0])
A_MINUTES_GUESSES = 1000
VALID = 400
LONGEST = 15.0
"""Seconds that one answer may take while Redis is silent and the machine has other things to do."""

_neighbours = (f"127.0.0.{number}" for number in count(20))


class Visitor:
    """Somebody at an address of their own on this machine, with one connection to the web."""

    def __init__(self, installation: Installation) -> None:
        self._home = urlsplit(installation.url)
        self._address = next(_neighbours)
        self.slowest = 0.0

    def asks(self, paths: Iterator[str] | list[str]) -> list[int]:
        """Ask for one path after another, and return the statuses."""
        assert self._home.hostname
        assert self._home.port
        statuses = []
        connection = HTTPConnection(
            self._home.hostname, self._home.port, timeout=120, source_address=(self._address, 0)
        )
        with closing(connection):
            for path in paths:
                began = time.monotonic()
                connection.request("GET", path)
                with connection.getresponse() as answer:
                    answer.read()
                    statuses.append(answer.status)
                self.slowest = max(self.slowest, time.monotonic() - began)
        return statuses


def guesses(number: int) -> list[str]:
    return [f"/{'duy'[each % 3]}/{each:022}~{'A' * 22}" for each in range(number)]


def link_of(installation: Installation) -> str:
    """Return the path of a customer's link."""
    claim = quick_claims.running(installation)
    return urlsplit(link_in(installation.mail_to(claim.address, "You can deny it"), "d")).path


def flood(installation: Installation, link: str, guessed: int) -> tuple[Visitor, list[int]]:
    """Let somebody guess links, and ask for a right one after each hundred; return them and what guessing gave."""
    guesser, statuses, paths = Visitor(installation), [], guesses(guessed)
    for first in range(0, guessed, 100):
        statuses += guesser.asks(paths[first : first + 100])
        assert guesser.asks([link]) == [200], "a right link was refused to who guesses others"
    return guesser, statuses


def is_limited(statuses: list[int], seconds: float, *, counted_by: int = 1) -> None:
    """Fail unless as many were answered as are allowed, of each minute that was begun, and no more.

    counted_by: how many processes count by themselves.
    """
    found = Counter(statuses)
    assert set(found) == {404, 429}, found
    assert statuses[:ALLOWED] == [404] * ALLOWED
    assert found[404] <= ALLOWED * counted_by * (2 + seconds // 60), found


@contextmanager
def without_redis(installation: Installation) -> Iterator[None]:
    assert installation.redis.pid is not None
    os.kill(installation.redis.pid, signal.SIGKILL)
    installation.eventually(lambda: installation.redis.pid is None, "Redis is dead")
    try:
        yield
    finally:
        installation.redis.start()


@contextmanager
def with_a_silent_redis(installation: Installation) -> Iterator[None]:
    assert installation.redis.pid is not None
    os.kill(installation.redis.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(installation.redis.pid, signal.SIGCONT)


def test_a_right_link_is_answered_hundreds_of_times_a_minute(installation: Installation) -> None:
    link = link_of(installation)
    began = time.monotonic()
    statuses = Visitor(installation).asks([link] * VALID)

    assert Counter(statuses) == {200: VALID}
    a_minute = VALID * 60 / (time.monotonic() - began)
    assert a_minute > 2 * ALLOWED, "too slow to tell: who guesses would not be limited either"


def test_a_thousand_guesses_from_one_address_are_limited_and_nobody_else_is(installation: Installation) -> None:
    link = link_of(installation)
    began = time.monotonic()
    _guesser, statuses = flood(installation, link, A_MINUTES_GUESSES)

    is_limited(statuses, time.monotonic() - began)
    assert Visitor(installation).asks(guesses(1)) == [404], "somebody else's guesses were counted"


def test_a_thousand_guesses_are_limited_too_once_redis_is_stopped_underneath(installation: Installation) -> None:
    link = link_of(installation)
    assert Visitor(installation).asks(guesses(1)) == [404]
    with without_redis(installation):
        began = time.monotonic()
        _guesser, statuses = flood(installation, link, A_MINUTES_GUESSES)
        processes = Settings.from_environ(installation.env).web_processes_number
        is_limited(statuses, time.monotonic() - began, counted_by=processes)
        assert Visitor(installation).asks([link] * ALLOWED * 2) == [200] * ALLOWED * 2
    assert Visitor(installation).asks(guesses(1)) == [404]
    assert "Traceback" not in _new_errors(installation)


def test_a_redis_that_is_silent_keeps_nobody_waiting(installation: Installation) -> None:
    link = link_of(installation)
    with with_a_silent_redis(installation):
        began = time.monotonic()
        guesser, statuses = flood(installation, link, 200)
        is_limited(statuses, time.monotonic() - began)
    assert guesser.slowest < LONGEST


def test_guessing_while_redis_goes_and_comes_meets_no_error(installation: Installation) -> None:
    guesser = Visitor(installation)
    before = guesser.asks(guesses(ALLOWED + 5))
    with without_redis(installation):
        during = guesser.asks(guesses(ALLOWED + 5))
    after = guesser.asks(guesses(ALLOWED + 5))

    assert set(before + during + after) == {404, 429}
    assert all(429 in each for each in (before, during, after))


def _new_errors(installation: Installation) -> str:
    return "\n".join(re.findall(r"an answer failed.*", installation.logs()["web"]))
