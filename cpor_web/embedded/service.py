"""One of our own processes under the supervisor: the web, a worker, the ticker."""

import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from cpor_web.embedded import processes
from cpor_web.embedded.console import Console

LAST_OUTPUT_WITHIN = 1.0  # seconds for what a process wrote before it ended


@dataclass(frozen=True)
class Service:
    """What to run, and how to tell that it runs.

    env: variables on top of this process's. ready: asked again and again until it is true; None: ready at once.
    ready_within, stop_within: seconds.
    """

    name: str
    command: Sequence[str | Path]
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    ready_within: float = 30.0
    stop_within: float = 10.0


class RunningService(processes.Parent):
    """A service's process; what it writes goes to `<name>.log` and, line by line, to the console."""

    def __init__(self, service: Service, log_dir: Path, console: Console) -> None:
        """log_dir: exists."""
        self.service = service
        self.name = service.name
        self._log = log_dir / f"{service.name}.log"
        self._console = console
        self._copier: threading.Thread | None = None

    def start(self) -> None:
        """Start the process. Does not wait for it to be ready."""
        env = os.environ | {"PYTHONUNBUFFERED": "1"} | dict(self.service.env)
        self._child = processes.start(self.service.command, output=subprocess.PIPE, env=env)
        assert self._child.stdout is not None
        self._copier = threading.Thread(
            target=self._copy, args=(self._child.stdout,), name=f"log-{self.name}", daemon=True
        )
        self._copier.start()

    def _copy(self, output: BinaryIO) -> None:
        """Pass on what the process writes to its end: it dies of a pipe that nobody reads, not of a full disk."""
        with output:
            for line in output:
                with suppress(OSError), self._log.open("ab", buffering=0) as log:
                    log.write(line)
                self._console.say(self.name, line.decode("utf-8", "replace").rstrip())

    def stop(self) -> None:
        """Stop the process, within the service's time or by force."""
        if self._child is not None:
            processes.stop(self._child, within=self.service.stop_within)
        if self._copier is not None:
            self._copier.join(LAST_OUTPUT_WITHIN)
