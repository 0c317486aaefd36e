"""What the embedded servers have in common: a data folder, a socket, a log, a beginning and an end."""

import shutil
import signal
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

from cpor_web.embedded import locks, processes, sockets
from cpor_web.embedded.exc import StartError

POLL_SECONDS = 0.02
READY_WITHIN = 60.0  # seconds; recovery after a crash may take a while
STOP_WITHIN = 20.0
PREDECESSOR_GONE_WITHIN = 10.0  # a server whose parent was killed is still closing its files
LAST_WORDS = 15  # lines


class Server(processes.Parent, ABC):
    """A server in the foreground of its own session, which dies with this process and keeps its data.

    Use it as a context manager, or by start() and stop(); start() again after it died gives the same address.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, data_dir: Path) -> None:
        """data_dir: this server's data go to a folder of its name there, its log to `log/`."""
        self.folder = data_dir.absolute() / self.name
        self.log = data_dir.absolute() / "log" / f"{self.name}.log"
        self.owner: processes.Owner | None = None
        self._lock: int | None = None
        self._sockets: Path | None = None

    @abstractmethod
    def _prepare(self) -> None:
        """Bring the data folder into being and check that this server can use it."""

    @abstractmethod
    def _command(self) -> list[str | Path]:
        """The command line of the server in the foreground."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether a client gets a true answer by now."""

    @property
    def sockets(self) -> Path:
        """The private folder of the server's socket, while it is started."""
        if self._sockets is None:
            raise StartError(f"{self.title} has not been started.")
        return self._sockets

    def start(self) -> None:
        """Start the server and return when it answers.

        Raises InUseError, NotInstalledError, OtherVersionError or StartError, and leaves nothing running.
        """
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._lock is None:
            lock = self.folder.with_suffix(".lock")
            self._lock = locks.hold(lock, wait=PREDECESSOR_GONE_WITHIN)
        try:
            self._prepare()
            self._sockets = sockets.socket_folder(self.folder)
            processes.give(self._sockets, self.owner)
            self._spawn()
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def _spawn(self) -> None:
        with self.log.open("ab") as output:
            self._child = processes.start(
                self._command(),
                output=output,
                cwd=self.folder,
                owner=self.owner,
                death_signal=self.stop_signal,
                keep=[self._lock] if self._lock is not None else [],
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while not self._answers():
            if self.pid is None or time.monotonic() > deadline:
                lines = self.log.read_text(errors="replace").splitlines()[-LAST_WORDS:]
                raise StartError("\n".join([f"{self.title} did not start. Its last words, from {self.log}:", *lines]))
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Stop the server and remove its socket; the data stay. Stopping twice is the same as once."""
        if self._child is not None:
            processes.stop(self._child, within=STOP_WITHIN, by=self.stop_signal)
            self._child = None
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = None
        if self._lock is not None:
            locks.release(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
