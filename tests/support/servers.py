"""The PostgreSQL and the Redis that the tests run against: real ones, one of each for the whole run.

CPOR_TEST_DATABASE_URL and CPOR_TEST_REDIS_URL name servers to use instead; the first as a superuser, for tests make
and drop databases of their own there. CPOR_TEST_PG_BIN names other PostgreSQL binaries to start.
"""

import os
import socket
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from random import SystemRandom

import psycopg
from psycopg import sql
from sqlalchemy import URL, Engine, make_url, text

from cpor_web.database import role as database_role
from cpor_web.embedded.postgres import EmbeddedPostgres
from cpor_web.embedded.redis_server import EmbeddedRedis


@dataclass(frozen=True)
class Servers:
    """Where they are: the URL of any database of PostgreSQL, the URL of Redis without a database."""

    postgres: str
    redis: str

    def redis_url(self, number: int) -> str:
        """Return the URL of one of Redis' sixteen databases."""
        return f"{self.redis}?db={number}" if self.redis.startswith("unix:") else f"{self.redis.rstrip('/')}/{number}"

    def new_database(self, name: str) -> str:
        """Make an empty database, in place of one of that name, and return its URL."""
        admin = make_url(self.postgres)
        with psycopg.connect(_conninfo(admin), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return admin.set(database=name).render_as_string(hide_password=False)


def start(stack: ExitStack) -> Servers:
    """Start what nobody named, until `stack` is closed."""
    postgres, redis = os.environ.get("CPOR_TEST_DATABASE_URL"), os.environ.get("CPOR_TEST_REDIS_URL")
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cpor-tests-", ignore_cleanup_errors=True)))
    if not postgres:
        postgres = stack.enter_context(EmbeddedPostgres(folder, fsync=False)).url("postgres")
    if not redis:
        redis = stack.enter_context(EmbeddedRedis(folder)).url
    return Servers(postgres, redis)


def for_the_application(engine: Engine) -> str:
    """Return the URL of the same migrated database for a role that may do what the application needs, and no more."""
    role, password = f"{engine.url.database}_application", "password of the application"
    with engine.begin() as connection:
        if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}):
            connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'"))
        database_role.grant(connection, role)
    return engine.url.set(username=role, password=password).render_as_string(hide_password=False)


def _conninfo(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def free_port() -> int:
    """Return a port on which nobody listens, and which nobody else is given before it is used.

    Not one that the system would give: it gives those to every connection, of this worker and of the one beside it.
    Each worker of a parallel run has ports of its own, and comes to the same one again only after all the others.
    """
    for port in islice(_ports, len(_OWN)):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("somebody listens on every port")


_WORKERS = 4
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
_OWN = range(26_000 + _WORKER, 32_000, _WORKERS)  # below what Linux gives out by itself
_ports = cycle(SystemRandom().sample(_OWN, len(_OWN)))  # in no order, for another run on the same machine
