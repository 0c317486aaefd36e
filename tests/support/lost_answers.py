"""Stands between a process and PostgreSQL, and cuts the line after a commit, before its answer: the worst moment."""

import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

from cpor_web.embedded.postgres import PORT

NAME = f".s.PGSQL.{PORT}"


class LostAnswers:
    """Use it as a context manager. It listens in `folder`, as the server does in `behind`.

    After `lose()` it passes the next COMMIT on, and the answer finds nobody.
    """

    def __init__(self, folder: Path, behind: Path) -> None:
        self._behind = behind / NAME
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / NAME))
        self._armed = threading.Event()
        self._lines: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        for line in (self._listener, *self._lines):
            _cut(line)
            line.close()

    def lose(self) -> None:
        """Lose the answer to the next commit."""
        self._armed.set()

    @property
    def has_lost(self) -> bool:
        """Whether it has."""
        return not self._armed.is_set()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self._behind))
            self._lines += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if b"COMMIT" in data and self._armed.is_set():
                    self._armed.clear()
                    _cut(source)
                sink.sendall(data)
        _cut(source)
        _cut(sink)


def _cut(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
