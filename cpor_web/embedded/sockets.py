"""Short, private folders for Unix sockets."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from cpor_web.embedded.exc import EmbeddedError

LONGEST_SOCKET_PATH = 103  # macOS; Linux has 107 (unix(7), sun_path without its NUL)
LONGEST_SOCKET_NAME = len("/.s.PGSQL.5432.lock")


def socket_folder(data: Path) -> Path:
    """Make the folder, mode 0700, in which the server of a data folder puts its socket.

    It lies in the system's temporary folder, for a data folder's path may be too long for a socket, and its name
    follows from that path: what a killed run leaves is used again, not left for good.

    Raises EmbeddedError when somebody else has made a folder of that name.
    """
    name = f"cpor-{hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:16]}"
    folder = Path(tempfile.gettempdir()) / name
    if len(os.fsencode(folder)) + LONGEST_SOCKET_NAME > LONGEST_SOCKET_PATH:
        folder = Path("/tmp") / name  # noqa: S108 — checked below
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    owners = {os.geteuid(), data.stat().st_uid} if data.exists() else {os.geteuid()}
    is_private = stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o077
    if not is_private or status.st_uid not in owners:
        raise EmbeddedError(f"{folder} belongs to somebody else. Remove it, or set TMPDIR to another folder.")
    return folder
