"""Keeps a handful of processes running together on one machine, and leaves none behind."""

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Protocol, Self, TextIO

from cpor_web.embedded import locks
from cpor_web.embedded.console import Console
from cpor_web.embedded.exc import EmbeddedError
from cpor_web.embedded.service import RunningService, Service

NAME = "cpor"
POLL_SECONDS = 0.1
FIRST_BACKOFF = 0.5  # seconds; doubled for each death in a row
LONGEST_BACKOFF = 30.0
STEADY_AFTER = 60.0  # seconds of running after which earlier deaths are forgotten


class Restartable(Protocol):
    """An embedded server, or a service of ours."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def pid(self) -> int | None:
        """None when it is not running."""

    @property
    def exit_code(self) -> int | None:
        """How it ended."""

    def start(self) -> None:
        """Start it again. May raise EmbeddedError."""


class Watch:
    """Starts one thing again when it has ended unasked, after a pause that grows with each time."""

    def __init__(self, what: Restartable, say: Callable[[str], None]) -> None:
        self._what = what
        self._say = say
        self._deaths = 0
        self._started = 0.0
        self._due: float | None = None

    def look(self, now: float) -> None:
        """Do what is due. now: seconds of a monotonic clock."""
        if self._what.pid is not None:
            self._due = None
            if now - self._started > STEADY_AFTER:
                self._deaths = 0
        elif self._due is None:
            pause = min(FIRST_BACKOFF * 2**self._deaths, LONGEST_BACKOFF)
            self._deaths += 1
            self._due = now + pause
            self._say(f"{self._what.name} has ended {_manner(self._what.exit_code)}: again in {pause:g} s.")
        elif now >= self._due:
            self._due, self._started = None, now
            try:
                self._what.start()
            except EmbeddedError as error:
                self._say(str(error))


class Supervisor:
    """Runs services on one data folder until it is asked to stop.

    Enter it before the embedded servers: it holds the folder against a second run and turns SIGINT, SIGTERM and
    SIGHUP into an orderly end. It works in the main thread only. Killed by force, it takes its children with it.
    """

    def __init__(self, data_dir: Path, *, out: TextIO | None = None, tethered: bool = False) -> None:
        """data_dir: made for its owner alone when missing; output is kept in `log/`. out: default standard output.

        tethered: stop also when the process that started us has ended; else `nohup` works as one expects.
        """
        self.data_dir = data_dir.absolute()
        self._console = Console(out or sys.stdout)
        self._tethered = tethered
        self._parent = os.getppid()
        self._asked = False
        self._interruptible = True  # until run(): what is starting is undone by the exception
        self._lock: int | None = None
        self._handlers: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    def say(self, text: str) -> None:
        """Tell the person at the terminal something."""
        self._console.say(NAME, text)

    def __enter__(self) -> Self:
        """Take the data folder. Raises InUseError."""
        # Nobody else lists it, and what is in it is closed. PostgreSQL passes through as a user of its own.
        self.data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        (self.data_dir / "log").mkdir(mode=0o700, exist_ok=True)
        self._lock = locks.hold(self.data_dir / "up.lock")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
                self._handlers[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers.clear()
        if self._lock is not None:
            locks.release(self._lock)
            self._lock = None

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._asked = True
        if self._interruptible:
            self._interruptible = False
            raise SystemExit(128 + number)

    def _is_over(self) -> bool:
        return self._asked or (self._tethered and os.getppid() != self._parent)

    def run(
        self,
        services: Sequence[Service],
        *,
        servers: Sequence[Restartable] = (),
        when_ready: Callable[[], object] | None = None,
    ) -> int:
        """Start the services in order, each ready before the next; keep them; stop them in reverse order.

        servers: started already, and started again when they die. when_ready: called once all services are ready.
        Returns the exit code: 0 when asked to stop, 1 when a service could not be started.
        """
        self._interruptible = False
        running: list[RunningService] = []
        try:
            for service in services:
                if self._is_over():
                    return 0
                running.append(RunningService(service, self.data_dir / "log", self._console))
                running[-1].start()
                if not self._wait_until_ready(running[-1]):
                    return 0 if self._is_over() else 1
            if when_ready is not None:
                when_ready()
            self._keep([Watch(each, self.say) for each in (*servers, *running)])
            return 0
        finally:
            if running:
                self.say("Stopping.")
            for each in reversed(running):
                each.stop()

    def _wait_until_ready(self, running: RunningService) -> bool:
        service = running.service
        deadline = time.monotonic() + service.ready_within
        while service.ready is not None and not service.ready():
            if self._is_over():
                return False
            if running.pid is None:
                self.say(f"{service.name} has ended {_manner(running.exit_code)} before it was ready.")
                return False
            if time.monotonic() > deadline:
                self.say(f"{service.name} was not ready within {service.ready_within:g} s.")
                return False
            time.sleep(POLL_SECONDS)
        self.say(f"{service.name} is ready.")
        return True

    def _keep(self, watches: Sequence[Watch]) -> None:
        while not self._is_over():
            for watch in watches:
                watch.look(time.monotonic())
            time.sleep(POLL_SECONDS)


def _manner(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"by {signal.Signals(-exit_code).name}"
    return f"with exit code {exit_code}"
