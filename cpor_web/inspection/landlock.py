"""Gives up what Landlock knows of files, networks and other processes (Linux: landlock(7)).

Limits of resources bound what can be opened. This also takes what needs no opening: removing and renaming files of
one's own user, and looking into or ending its processes. It knows nothing of their limits and priorities, nor of
the rights, owners and times of files.
"""

import ctypes
import os
import resource
import sys

CREATE_RULESET = 444
RESTRICT_SELF = 446
ASK_VERSION = 1
PR_SET_NO_NEW_PRIVS = 38

FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many rights to files a version of Landlock knows, the first bits of a word; later ones know MOST."""

MOST_FILE_RIGHTS = 16
TCP_SINCE, TCP = 4, 0b11
SCOPES_SINCE, SCOPES = 6, 0b11
"""Signals, and sockets of the abstract kind, to who is not restricted likewise."""


class Ruleset(ctypes.Structure):
    """What is handled, and so forbidden wherever no rule allows it."""

    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


def is_supported() -> bool:
    """Tell whether `give_up` works here, by trying it in a process of its own.

    The kernel may not have it, or a filter of system calls forbid it, which may end who asks.
    """
    if sys.platform != "linux":
        return False
    if pid := os.fork():
        return os.waitpid(pid, 0)[1] == 0
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        give_up()
        os._exit(0)
    finally:
        os._exit(1)


def give_up() -> None:
    """Give everything up that this kernel's version of Landlock knows, for good. Raises OSError where it has none.

    What is open stays open, and nothing is exempt: load first what will be needed.
    """
    known = version()
    rules = Ruleset(
        files=(1 << FILE_RIGHTS.get(known, MOST_FILE_RIGHTS)) - 1,
        network=TCP if known >= TCP_SINCE else 0,
        scopes=SCOPES if known >= SCOPES_SINCE else 0,
    )
    _libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    ruleset = _call(CREATE_RULESET, ctypes.byref(rules), ctypes.sizeof(rules), 0)
    try:
        _call(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def version() -> int:
    """Return which version of Landlock the kernel has. Raises OSError where it has none."""
    return _call(CREATE_RULESET, None, 0, ASK_VERSION)


def _call(number: int, *arguments: object) -> int:
    answer = int(_libc().syscall(number, *arguments))
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
