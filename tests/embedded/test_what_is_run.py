"""What `cpor up` runs, and with which settings; the processes themselves are tried in `test_installation`."""

import os
import subprocess
from collections.abc import Callable
from errno import ENOSPC
from pathlib import Path

import pytest

from cpor_web.embedded.installation import run
from cpor_web.embedded.service import Service
from cpor_web.embedded.supervisor import Supervisor
from cpor_web.server import stopping
from tests.support.servers import free_port

Services = Callable[..., dict[str, Service]]


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    """Return what would be run with these settings; databases, tables and processes are others' business."""

    def found(**settings: str) -> dict[str, Service]:
        seen: list[Service] = []
        monkeypatch.setattr(Supervisor, "run", lambda _self, services, **_how: seen.extend(services) or 0)
        monkeypatch.setattr(subprocess, "run", lambda command, **_how: subprocess.CompletedProcess(command, 0))
        given = {"CPOR_DATABASE_URL": "there", "CPOR_REDIS_URL": "there", "CPOR_DATA_DIR": str(tmp_path / "data")}
        assert run({**given, "CPOR_PORT": str(free_port()), **settings}) == 0
        return {each.name: each for each in seen}

    return found


def test_the_last_port_of_all_has_none_behind_it_and_that_is_no_trouble(services: Services) -> None:
    assert services(CPOR_PORT="65535")["web"].env["CPOR_PORT"] == "65535"


def test_an_address_of_ipv6_is_one_to_serve_the_pages_at(services: Services) -> None:
    port = free_port()
    public = services(CPOR_HOST="::1", CPOR_PORT=str(port))["web"].env["CPOR_PUBLIC_URL"]
    assert public == f"http://[::1]:{port}"


def test_the_web_is_given_the_time_that_its_requests_have_to_come_to_an_end(services: Services) -> None:
    assert services()["web"].stop_within > stopping.FINISH_SECONDS


def test_a_key_that_could_not_be_written_is_made_at_the_next_start(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_more: object) -> int:
        raise OSError(ENOSPC, os.strerror(ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", fails)  # of a ring that is written whole
        full.setattr(Path, "write_text", fails)
        with pytest.raises(OSError, match="No space"):
            services()
    assert list((tmp_path / "data").glob("*_keys.txt")) == []
    assert services()["web"].env["CPOR_CONSENT_KEYS"] == (tmp_path / "data" / "consent_keys.txt").read_text()
