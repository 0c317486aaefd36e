"""Tie a process to its parent's life, drop root, and become the command.

Run as a script before an exec: `python -I -S tether.py PARENT SIGNAL UID:GID|- COMMAND…`. A program between
fork and exec is safe where code in a forked, threaded Python is not.
"""

import ctypes
import os
import struct
import sys

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


def tether(parent: int, signal_number: int) -> None:
    """Ask the kernel for a signal at the parent's death; end at once if it is dead already (prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


def drop_root(uid: int, gid: int, needed: list[str]) -> None:
    """Become an ordinary user that can still reach the needed paths.

    Below a closed folder such as /root it keeps the one capability that looks past file modes; opening
    that folder to everyone instead would outlive the run (capabilities(7), "ambient").
    """
    libc = ctypes.CDLL(None)
    if sys.platform == "linux":
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if sys.platform == "linux" and not all(os.access(path, os.X_OK) for path in needed):
        kept = 1 << CAP_DAC_OVERRIDE
        libc.capset(struct.pack("Ii", CAPABILITY_VERSION_3, 0), struct.pack("6I", kept, kept, kept, 0, 0, 0))
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def main(parent: str, signal_number: str, owner: str, *command: str) -> None:
    """Tether this process and replace it by the command; leave with 127 when that is impossible."""
    if owner != "-":
        uid, gid = owner.split(":")
        drop_root(int(uid), int(gid), [command[0], os.getcwd()])  # noqa: PTH109 — pathlib is slow to import
    # After the change of user: the kernel forgets the signal when credentials change.
    tether(int(parent), int(signal_number))
    try:
        os.execvp(command[0], command)  # noqa: S606 — that is the point
    except OSError as error:
        sys.stderr.write(f"cannot start {command[0]}: {error.strerror}\n")
        sys.exit(127)


if __name__ == "__main__":
    main(*sys.argv[1:])
