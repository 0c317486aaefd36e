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

LOOK_SECONDS = 0.2
"""How often is looked at what was told and who has ended. A signal is only noted: none cuts into what is done."""

TOLD = (signal.SIGTERM, signal.SIGINT)


class Crew:
    """The forked processes, each started again when it ends unasked. None outlives the one that forked it."""

    def __init__(
        self, number: int, work: Callable[[], None], *, when_told: Callable[[], object] = lambda: None
    ) -> None:
        """work: what each does, until a TERM. when_told: done in this process once it is told to stop."""
        self._number, self._work, self._when_told = number, work, when_told
        self._pids: set[int] = set()
        self._complete_from = 0.0
        self._times_told = 0

    def run(self) -> None:
        """Keep the crew complete until TERM or INT; then let each finish, and pass on every further one."""
        for each in TOLD:
            signal.signal(each, self._note)
        while not self._times_told:
            self._keep_complete()
            time.sleep(LOOK_SECONDS)
        self._when_told()
        passed_on = 0
        while self._pids:
            if passed_on < self._times_told:
                passed_on = self._times_told
                self._tell()
            self._gone()
            time.sleep(LOOK_SECONDS)

    def _note(self, _signal: int, _frame: FrameType | None) -> None:
        self._times_told += 1

    def _tell(self) -> None:
        for pid in self._pids:  # each is there, if only as one whose end was not asked about yet
            os.kill(pid, signal.SIGTERM)

    def _keep_complete(self) -> None:
        for pid in self._gone():
            log.warning("process %d has ended unasked; another one takes its place", pid)
            self._complete_from = time.monotonic() + PAUSE_SECONDS
        while len(self._pids) < self._number and time.monotonic() >= self._complete_from:
            try:
                self._hire()
            except OSError as error:
                log.warning("no process can be started, so this is tried again: %s", error.strerror)
                self._complete_from = time.monotonic() + PAUSE_SECONDS

    def _gone(self) -> list[int]:
        """Return those that have ended since this was asked last."""
        gone = [pid for pid in self._pids if os.waitpid(pid, os.WNOHANG)[0]]
        self._pids.difference_update(gone)
        return gone

    def _hire(self) -> None:
        parent = os.getpid()
        # What is told while a process is forked waits until it would stop at it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, TOLD)
        try:
            pid = os.fork()
            if pid:
                self._pids.add(pid)
                return
            for each in TOLD:
                signal.signal(each, signal.SIG_DFL)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        tether(parent, signal.SIGKILL)
        try:
            self._work()
        except Exception:
            log.exception("worker ended")
        os._exit(0)
