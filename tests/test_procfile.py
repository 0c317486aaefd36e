"""The Procfile's processes, started together as it says, are an installation; TERM ends them all."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from cpor_web.config import PREFIX
from cpor_web.config.kinds import SHORTEST_KEY
from cpor_web.embedded import processes
from tests.support.person import Person
from tests.support.servers import Servers, free_port

ROOT = Path(__file__).parent.parent
WITHIN = 300.0


@pytest.fixture
def env(running: Servers, worker_number: int, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The settings of an installation with an empty database that has its tables. Its Redis is empty afterwards."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
    port = str(free_port())
    settings = {
        **clean,
        "CPOR_ENVIRONMENT": "development",
        "CPOR_SECRET_KEYS": "s" * SHORTEST_KEY,
        "CPOR_CONSENT_KEYS": "c" * SHORTEST_KEY,
        "CPOR_SIGNING_KEYS": "A" * 43,
        "CPOR_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CPOR_PORT": port,
        "CPOR_DATA_DIR": str(tmp_path / "data"),
        "CPOR_DATABASE_URL": running.new_database(f"cpor_procfile_{worker_number}"),
        "CPOR_REDIS_URL": running.redis_url(worker_number),
        "CPOR_TICK_SECONDS": "0.5",
        "CPOR_LOG_FORMAT": "json",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    upgrade = [sys.executable, "-m", "cpor_web", "db", "upgrade"]
    subprocess.run(upgrade, env=settings, cwd=ROOT, check=True, capture_output=True, timeout=WITHIN)
    yield settings
    with Redis.from_url(settings["CPOR_REDIS_URL"]) as redis:  # the one of this worker's other tests
        redis.flushdb()


@pytest.fixture
def foreman(env: dict[str, str], tmp_path: Path) -> Iterator[processes.Child]:
    """Honcho with the Procfile."""
    command = [sys.executable, "-m", "honcho", "start", "--no-prefix", "--no-colour", "-f", str(ROOT / "Procfile")]
    with (tmp_path / "log").open("wb") as log:
        child = processes.start(command, output=log, cwd=tmp_path, env=env)
    yield child
    processes.stop(child, within=WITHIN)


def degraded(person: Person) -> list[str]:
    """Return what readiness names as out of order."""
    try:
        return list(json.loads(person.open("/readyz").html)["degraded"])
    except OSError:
        return ["web"]


def test_together_they_are_an_installation_and_end_when_asked(
    foreman: processes.Child, env: dict[str, str], tmp_path: Path
) -> None:
    person, until = Person(env["CPOR_PUBLIC_URL"]), time.monotonic() + WITHIN
    while found := degraded(person):
        assert foreman.poll() is None, (tmp_path / "log").read_text()
        assert time.monotonic() < until, (found, (tmp_path / "log").read_text())
        time.sleep(0.1)
    assert processes.stop(foreman, within=WITHIN) in {0, -15, 143}
    assert degraded(person) == ["web"]
    ours = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines() if line.startswith("{")]
    assert {"cpor_web.requests", "cpor_web.server.serving"} <= {line["logger"] for line in ours}
