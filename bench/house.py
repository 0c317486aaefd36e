"""What benchmarks run against: a PostgreSQL and a Redis of their own, filled databases, the program's processes."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg
from sqlalchemy import create_engine, make_url
from sqlalchemy.orm import Session

from bench import data
from bench.wire import Line
from cpor_web.config import Settings
from cpor_web.emails.links import Purpose, Signers
from cpor_web.embedded import processes
from cpor_web.embedded.postgres import EmbeddedPostgres
from cpor_web.embedded.redis_server import EmbeddedRedis
from cpor_web.programme import Programme
from tests.support.person import Person
from tests.support.servers import free_port

ROOT = Path(__file__).parents[1]
READY_WITHIN = 60.0
SCALES = {"full": 1_000_000, "small": 40_000, "tiny": 2_000}


class House:
    """The servers of a run. Use it as a context manager. `tiny`: only to see that every benchmark still works."""

    def __init__(self, folder: Path, scale: str) -> None:
        self.folder, self.claims, self.is_tiny = folder, SCALES[scale], scale == "tiny"
        self._postgres, self._redis = EmbeddedPostgres(folder), EmbeddedRedis(folder)
        self._stack = ExitStack()
        self._places: dict[int, Place] = {}

    def __enter__(self) -> Self:
        self._stack.enter_context(self._postgres)
        self._stack.enter_context(self._redis)
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    @cached_property
    def bare(self) -> int:
        """The port of a Flask application of two constant views under the same server: it runs from now on."""
        port = free_port()
        self.keep(_running([sys.executable, "-m", "bench.bare", str(port)], {}, port))
        return port

    def keep(self, process: AbstractContextManager[int]) -> int:
        """Have a process run until the house is closed."""
        return self._stack.enter_context(process)

    def times(self, full: int) -> int:
        """How often something is done in a round: `full` times, a tenth of it, or just to see that it works."""
        if self.is_tiny:
            return min(full, 2)
        return full if self.claims == SCALES["full"] else max(full // 10, 3)

    def place(self, claims: int = 0) -> "Place":
        """A database with so many claims, by default the run's own number, made when it is first asked for."""
        number = claims or self.claims
        if number not in self._places:
            began = time.perf_counter()
            name = f"cpor_{number}"
            self._postgres.create_database(name)
            self._places[number] = Place(self, self._postgres.url(name), self._redis.url, number)
            self._stack.callback(self._places[number].close)
            print(f"made {number:,} claims in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        return self._places[number]


class Place:
    """One filled database, with the program's settings over it."""

    def __init__(self, house: House, database_url: str, redis_url: str, claims: int) -> None:
        self.house, self.claims = house, claims
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = _environment(house.folder, self.port, database_url, redis_url)
        self.settings = Settings.from_environ(self.env)
        self.programme = Programme.from_settings(self.settings)
        self.signers = Signers(self.settings.consent_keys, self.url)
        self.conninfo = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
        self.engine = create_engine(database_url)
        self._taken = {0: 0, 1: 1}
        upgrade = [sys.executable, "-m", "cpor_web", "db", "upgrade"]
        subprocess.run(upgrade, env=os.environ | self.env, cwd=ROOT, check=True, capture_output=True)
        data.fill(self.conninfo, claims)

    def close(self) -> None:
        """Leave the database."""
        self.engine.dispose()

    def take(self, number: int, *, remainder: int = 1) -> list[int]:
        """So many claims that no benchmark has touched: with a running window (1), or one to be closed (0)."""
        first = self._taken[remainder]
        first += 10 * (first == 0)
        self._taken[remainder] = first + 10 * number
        assert self._taken[remainder] <= self.claims + 10, "more claims are needed than were made"
        return list(range(first, self._taken[remainder], 10))

    def path(self, claim: int) -> str:
        """The path of a claim's deny link."""
        return urlsplit(self.signers.url(Purpose.DENY, data.link_id(claim))).path

    def connect(self, **more: Any) -> psycopg.Connection[Any]:
        """A bare connection, each statement a transaction."""
        return psycopg.connect(self.conninfo, autocommit=True, **more)

    def session(self) -> Session:
        """A session of the program's kind."""
        return Session(self.engine, expire_on_commit=False)

    @cached_property
    def web(self) -> int:
        """The process number of the web server, as it is shipped: it runs from now on."""
        return self.house.keep(_running([sys.executable, "-m", "cpor_web", "web"], self.env, self.port))

    def line(self, email: str = "") -> Line:
        """A connection to the web server; of somebody signed in, where an address is given."""
        assert self.web
        return Line(self.port, self._cookie(email) if email else "")

    def _cookie(self, email: str) -> str:
        person = Person(self.url).open("/login").press("Sign in", {"Email": email, "Password": data.PASSWORD})
        assert "/login" not in person.address, "the sign-in was refused"
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in person.cookies)


@contextmanager
def _running(command: list[str], env: dict[str, str], port: int) -> Iterator[int]:
    child = processes.start(command, output=subprocess.DEVNULL, cwd=ROOT, env=os.environ | env)
    try:
        until = time.monotonic() + READY_WITHIN
        while not _answers(port):
            assert child.poll() is None, "the server has ended"
            assert time.monotonic() < until, "the server was not ready in time"
            time.sleep(0.03)
        yield child.pid
    finally:
        processes.stop(child, within=20)


def _answers(port: int) -> bool:
    try:
        with Line(port) as line:
            return line.get("/healthz").status == 200
    except OSError:
        return False


def _environment(folder: Path, port: int, database_url: str, redis_url: str) -> dict[str, str]:
    return {
        "CPOR_ENVIRONMENT": "development",
        "CPOR_SECRET_KEYS": "a session key of the benchmarks and long enough",
        "CPOR_CONSENT_KEYS": "a consent key of the benchmarks and long enough",
        "CPOR_SIGNING_KEYS": "A" * 43,
        "CPOR_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CPOR_PORT": str(port),
        "CPOR_DATABASE_URL": database_url,
        "CPOR_REDIS_URL": redis_url,
        "CPOR_DATA_DIR": str(folder),
        "CPOR_TIME_ZONE": "Europe/Berlin",
        "CPOR_COUNTRY": "DE",
        "CPOR_MAIL_SECURITY": "none",
        "CPOR_RETURN_ADDRESS": "returns@vendor.example.com",
    }
