"""Child processes that never outlive their parent."""

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple, TypeAlias

TETHER = Path(__file__).with_name("tether.py")
ABSENT_USER = 65534  # what Linux calls nobody where no user of that name is listed

Child: TypeAlias = subprocess.Popen[bytes]


class Parent:
    """Whoever has at most one child at a time."""

    _child: Child | None = None

    @property
    def pid(self) -> int | None:
        """The child's process number, None when it is not running."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    @property
    def exit_code(self) -> int | None:
        """How the last child ended, None while it runs; negative: by which signal."""
        return self._child.poll() if self._child is not None else None


class Owner(NamedTuple):
    """The user and group, by number, that a child becomes."""

    uid: int
    gid: int


def start(
    command: Sequence[str | Path],
    *,
    output: int | IO[bytes],
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    owner: Owner | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
    keep: Sequence[int] = (),
) -> Child:
    """Start a child in a session of its own, so that the terminal's Ctrl-C does not reach it.

    On Linux it gets `death_signal` when the thread that started it ends, even by kill -9: start children from the
    main thread. macOS has no such signal.

    output: a file, or subprocess.PIPE, for both stdout and stderr. env: the whole environment; None inherits.
    owner: whom root becomes first. keep: descriptors that the child inherits.
    """
    become = "-" if owner is None else f"{owner.uid}:{owner.gid}"
    tether: list[str | Path] = [sys.executable, "-I", "-S", TETHER, str(os.getpid()), str(int(death_signal)), become]
    return subprocess.Popen(
        [*tether, *command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        env=env,
        pass_fds=keep,
        start_new_session=True,
    )


def stop(child: Child, *, within: float, by: signal.Signals = signal.SIGTERM) -> int:
    """Ask a child to end, then kill it with its process group, and return its exit code.

    within: seconds that it has to end by itself. by: the signal that asks; PostgreSQL takes SIGINT for "now, but
    in good order".
    """
    child.send_signal(by)
    try:
        return child.wait(within)
    except subprocess.TimeoutExpired:
        # Not yet waited for, so the number still names this group and no other.
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        return child.wait()


def unprivileged_owner(folder: Path) -> Owner | None:
    """Tell whom root has to become for a server that refuses to run as root; None for everybody else.

    The one who owns the data already, else nobody.
    """
    if os.geteuid() != 0:
        return None
    if folder.exists() and (status := folder.stat()).st_uid != 0:
        return Owner(status.st_uid, status.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Owner(ABSENT_USER, ABSENT_USER)
    return Owner(nobody.pw_uid, nobody.pw_gid)


def give(folder: Path, owner: Owner | None) -> None:
    """Make the owner of a folder the owner of all that is in it; without an owner do nothing."""
    if owner is None:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, *owner, follow_symlinks=False)
