"""One holder for each data folder, however it may die."""

import fcntl
import os
import time
from pathlib import Path

from cpor_web.embedded.exc import InUseError

POLL_SECONDS = 0.05


def hold(path: Path, *, wait: float = 0.0) -> int:
    """Take the exclusive lock of a file and return its descriptor.

    The kernel drops the lock when the last process that has the descriptor is gone. A server that inherits it
    therefore keeps the next one out until it has really ended, even when its parent was killed.

    path: made when missing; its folder exists. wait: seconds to wait for the present holder.
    Raises InUseError when somebody else still holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
                continue
            os.close(descriptor)
            raise InUseError(
                f"{path.parent} is in use by another process. Stop that one first, "
                "or choose another folder with CPOR_DATA_DIR."
            ) from None
        return descriptor


def release(descriptor: int) -> None:
    """Give the lock back, also when a forked process still has the descriptor."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)
