"""A whole installation on one machine with one command: `cpor up`.

What the environment does not name is brought along: PostgreSQL, Redis, a mail catcher, keys. Everything lies in the
data folder and is there again the next time. Without them it is what a production install runs.
"""

import secrets
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from errno import EADDRINUSE
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from cpor_web.config import key_rings
from cpor_web.config.secret_files import is_given
from cpor_web.embedded.catcher import Catcher
from cpor_web.embedded.exc import StartError
from cpor_web.embedded.postgres import EmbeddedPostgres
from cpor_web.embedded.redis_server import EmbeddedRedis
from cpor_web.embedded.service import Service
from cpor_web.embedded.sockets import socket_folder
from cpor_web.embedded.supervisor import Supervisor

DATABASE = "cpor"
LARGEST_PORT = 65535
WEB_STOPS_WITHIN = 60.0  # seconds; more than its requests have to come to an end, as with systemd and Docker


def run(environ: Mapping[str, str], *, sample: bool = False, reload: bool = False) -> int:
    """Start what is needed, run until asked to stop, and return the exit code. Raises EmbeddedError."""
    data_dir = Path(environ.get("CPOR_DATA_DIR") or "var").expanduser().absolute()
    host, port = environ.get("CPOR_HOST") or "127.0.0.1", environ.get("CPOR_PORT") or "8000"
    env = {name: text for name, text in environ.items() if name.startswith("CPOR_") and text}
    env |= {"CPOR_DATA_DIR": str(data_dir), "CPOR_HOST": host, "CPOR_PORT": port}
    env.setdefault("CPOR_PUBLIC_URL", _home(env))
    _check_port(host, port)
    with ExitStack() as stack:
        supervisor = stack.enter_context(Supervisor(data_dir))
        servers: list[EmbeddedPostgres | EmbeddedRedis] = []
        if not is_given(env, "CPOR_DATABASE_URL"):
            env.setdefault("CPOR_ENVIRONMENT", "development")
            postgres = stack.enter_context(EmbeddedPostgres(data_dir))
            postgres.create_database(DATABASE)
            env["CPOR_DATABASE_URL"] = postgres.url(DATABASE)
            servers.append(postgres)
        if not is_given(env, "CPOR_REDIS_URL"):
            redis = stack.enter_context(EmbeddedRedis(data_dir))
            env["CPOR_REDIS_URL"] = redis.url
            servers.append(redis)
        for ring in ("secret", "consent", "signing"):
            if not is_given(env, key_rings.setting_of(ring)):
                env[key_rings.setting_of(ring)] = _kept_key(data_dir, ring)
        catcher = None
        if "CPOR_MAIL_SERVER" not in env:
            catcher = stack.enter_context(Catcher(data_dir, web_port=_free_port(int(port) + 1)))
            env |= {"CPOR_MAIL_SERVER": catcher.host, "CPOR_MAIL_PORT": str(catcher.smtp_port)}
        if env.get("CPOR_ENVIRONMENT") == "development":
            env.setdefault("CPOR_MAIL_SECURITY", "none")
            env.setdefault("CPOR_RETURN_ADDRESS", "returns@vendor.example.com")
        _prepare(env, environ, sample)
        return supervisor.run(
            _services(env, reload),
            servers=servers,
            when_ready=lambda: _welcome(supervisor, env, catcher, sample),
        )


def database_url(data_dir: Path) -> str | None:
    """Return where the database of a data folder answers while `cpor up` runs there; None where it has none."""
    postgres = EmbeddedPostgres(data_dir)
    if not (postgres.folder / "PG_VERSION").exists():
        return None
    return postgres.url(DATABASE, sockets=socket_folder(postgres.folder))


def _services(env: Mapping[str, str], reload: bool) -> list[Service]:
    address = f"{_home(env)}/healthz"
    web = [sys.executable, "-m", "cpor_web", "web", *(["--reload"] if reload else [])]
    return [
        Service("web", web, env, ready=lambda: _answers(address), ready_within=60, stop_within=WEB_STOPS_WITHIN),
        Service("worker", [sys.executable, "-m", "jobs.worker"], env, stop_within=30),
        Service("ticker", [sys.executable, "-m", "jobs.ticker"], env),
    ]


def _prepare(env: Mapping[str, str], environ: Mapping[str, str], sample: bool) -> None:
    """Bring the tables up to date, and load the sample where it is asked for and the database is empty."""
    steps = [["db", "upgrade"], *([["sample"]] if sample else [])]
    for step in steps:
        command = [sys.executable, "-m", "cpor_web", *step]
        done = subprocess.run(command, env={**environ, **env}, check=False, stdout=subprocess.DEVNULL)
        if done.returncode:
            raise StartError(f"“cpor {' '.join(step)}” has failed; what it says is above.")


def _welcome(supervisor: Supervisor, env: Mapping[str, str], catcher: Catcher | None, sample: bool) -> None:
    lines = [f"Open {env['CPOR_PUBLIC_URL']}"]
    if catcher is not None:
        lines.append(f"Caught mail: {catcher.web_url}")
    if sample:
        from cpor_web.samples.people import PASSWORD, PEOPLE

        lines.append(f"Sample accounts, all with the password {PASSWORD}")
        lines += [f"  {person.email:38} {person.role.label}, {person.organisation}" for person in PEOPLE]
    lines.append("Ctrl-C stops everything. The data stay.")
    for line in lines:
        supervisor.say(line)


def _kept_key(data_dir: Path, ring: str) -> str:
    """Return the keys of this data folder's ring, whose first was made at its first run."""
    file = key_rings.file_of(data_dir, ring)
    if not file.exists():
        key_rings.write(file, [secrets.token_urlsafe(32)])
    return file.read_text().strip()


def _home(env: Mapping[str, str]) -> str:
    """Return where the pages are served; an address of IPv6 stands in brackets there."""
    host = env["CPOR_HOST"]
    return f"http://{f'[{host}]' if ':' in host else host}:{env['CPOR_PORT']}"


def _answers(address: str) -> bool:
    try:
        with build_opener(ProxyHandler({})).open(address, timeout=1):  # our own address, never through a proxy
            return True
    except (URLError, OSError):
        return False


def _check_port(host: str, port: str) -> None:
    """Raise StartError where the pages could not be served: somebody else's answer would be taken for ours."""
    if not port.isdecimal() or not 1 <= int(port) <= LARGEST_PORT:
        raise StartError(f"CPOR_PORT must be a whole number from 1 to {LARGEST_PORT}, not “{port}”.")
    try:
        for family, kind, protocol, _name, address in socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM):
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
    except OSError as error:
        if error.errno == EADDRINUSE:
            raise StartError(f"Port {port} is taken. Choose another one with CPOR_PORT=….") from error
        where = f"The pages cannot be served at {host}, port {port}: {error.strerror}."
        raise StartError(f"{where} Choose another place with CPOR_HOST=… and CPOR_PORT=….") from error


def _free_port(wished: int) -> int:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wished))
        except (OSError, OverflowError):  # taken, or beyond the last port
            return 0
    return wished
