"""Several processes that do the same, forked from one that has loaded what they need, and kept complete."""

import logging
import os
import signal
import time
from collections.abc import Callable
from types import FrameType

from cpor_web.embedded.tether import tether

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
"""Between the end of a process that nobody asked to stop and the start of its successor."""


class Crew:
    """The forked processes, each started again when it ends unasked. None outlives the one that forked it."""

    def __init__(
        self, number: int, work: Callable[[], None], *, when_told: Callable[[], object] = lambda: None
    ) -> None:
        """work: what each does, until a TERM. when_told: done in this process once it is told to stop."""
        self._number, self._work, self._when_told = number, work, when_told
        self._pids: set[int] = set()
        self._stopping = False

    def run(self) -> None:
        """Keep the crew complete until TERM or INT; then let each finish what it does."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        while not self._stopping:
            while len(self._pids) < self._number and not self._stopping:
                self._hire()
            self._wait()
        while self._pids:
            self._pids.discard(os.wait()[0])

    def _hire(self) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self._pids.add(pid)
            if self._stopping:  # asked while it was being hired; a second TERM would cut its work short
                os.kill(pid, signal.SIGTERM)
            return
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        tether(parent, signal.SIGKILL)
        try:
            self._work()
        except Exception:
            log.exception("worker ended")
        os._exit(0)

    def _wait(self) -> None:
        pid, _status = os.wait()
        self._pids.discard(pid)
        if not self._stopping:
            log.warning("process %d has ended unasked; another one takes its place", pid)
            time.sleep(PAUSE_SECONDS)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True
        self._when_told()
        for pid in self._pids:
            os.kill(pid, signal.SIGTERM)
