"""A job's turn: another job that waits for the worker, or who stops it, waits for no longer than it lasts."""

import threading
import time

SECONDS = 60.0
"""The longest: well under the 420 seconds after which RQ takes a worker for dead."""

told_to_stop = threading.Event()
"""Set once this worker is to stop: every turn is over, and what is left is due still for the next worker."""


class Turn:
    """Begins when it is made. A job looks at it between two things that it does; once it is over, the rest is the
    next turn's, for which the job rings.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        """seconds: how long it lasts at most."""
        self._until = time.monotonic() + seconds

    def is_over(self) -> bool:
        """Tell whether the time is up, or the worker was told to stop."""
        return told_to_stop.is_set() or time.monotonic() > self._until
