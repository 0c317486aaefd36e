"""pg_dump and pg_restore: where they are, and how they are told of the database without showing its password."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import URL

from cpor_web.backup.trouble import BackupError
from cpor_web.embedded.exc import NotInstalledError
from cpor_web.embedded.postgres import find_binaries

PASSWORD = "password"  # noqa: S105 - the name of libpq's parameter
VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "dbname": "PGDATABASE",
    PASSWORD: "PGPASSWORD",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}


def found(name: str, *, at_least: int, folder: Path | None) -> Path:
    """Return the first `name` of PostgreSQL `at_least` (major version): in `folder` alone where it is given, else on
    the PATH, else beside the embedded PostgreSQL. Raises BackupError.
    """
    seen = []
    for program in _candidates(name, folder):
        version = _version(program)
        if version >= at_least:
            return program
        seen.append(f"{program} is of version {version}")
    why = "; ".join(seen) or "none was found"
    raise BackupError(
        f"{name} of PostgreSQL {at_least} or newer is needed: {why}. Install it, or name its folder with CPOR_PG_BIN."
    )


def run(program: Path, *arguments: str, database: URL | None = None) -> str:
    """Run one of them and return what it prints. Raises BackupError with the first lines of its complaint."""
    command = [str(program), *arguments]
    env = _without_settings() | (_of(database) if database is not None else {})
    done = subprocess.run(command, env=env, check=False, capture_output=True, text=True, errors="replace")  # noqa: S603
    if done.returncode:
        raise BackupError(f"{program.name} has failed:\n" + "\n".join(done.stderr.splitlines()[:6]))
    return done.stdout


def _candidates(name: str, folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        if (folder / name).is_file():
            yield folder / name
        return
    if on_path := shutil.which(name):
        yield Path(on_path)
    try:
        beside = find_binaries() / name
    except NotInstalledError:
        return
    if beside.is_file():
        yield beside


def _version(program: Path) -> int:
    match = re.search(r"\) (\d+)", run(program, "--version"))
    return int(match[1]) if match else 0


def _without_settings() -> dict[str, str]:
    """The environment without ours: what another program is not told it cannot tell."""
    return {name: text for name, text in os.environ.items() if not name.startswith("CPOR_")}


def _of(url: URL) -> dict[str, str]:
    """Return what libpq reads from the environment, to reach that database."""
    given: dict[str, object] = {
        "host": url.host,
        "port": url.port,
        "user": url.username,
        "dbname": url.database,
        PASSWORD: url.password,
    }
    given.update(url.query)
    return {VARIABLES[name]: str(value) for name, value in given.items() if name in VARIABLES and value}
