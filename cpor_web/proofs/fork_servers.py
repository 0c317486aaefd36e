"""Processes that have loaded what reads documents, and fork one for each: `cpor_web.inspection` is what they run.

Python and a reader take ten times as long to load as most documents take to be read. A fork server is started when
a document is expected or comes, and none is idle; it keeps no document, and ends when this process does.
"""

import atexit
import socket
import subprocess
import sys
from contextlib import ExitStack
from typing import IO

COMMAND = (sys.executable, "-I", "-m", "cpor_web.inspection")
SECONDS = 15
"""For a document, and for what loads its reader."""

LONGEST = 1024
"""Bytes of an answer."""

OVER = b"."


class ForkServer:
    """One process of these, which has one document read at a time."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair()
        self._line.settimeout(SECONDS)
        with theirs, ExitStack() as undoing:
            undoing.callback(self._line.close)
            nowhere = subprocess.DEVNULL
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                COMMAND, stdin=theirs.fileno(), stdout=nowhere, stderr=nowhere, env={}, start_new_session=True
            )
            undoing.pop_all()

    def said_of(self, kind: str, file: IO[bytes]) -> bytes:
        """Return what its process says of a document: nothing, where that crashed or took too long. It has ended.

        Raises OSError where the fork server has.
        """
        answers, theirs = socket.socketpair()
        with answers:
            with theirs:
                socket.send_fds(self._line, [kind.encode()], [file.fileno(), theirs.fileno()])
            answers.settimeout(SECONDS)
            try:
                said = answers.recv(LONGEST)  # what is not said at once is no answer
            except TimeoutError:
                said = b""
        self._line.sendall(OVER)
        if self._line.recv(len(OVER)) != OVER:
            raise ConnectionResetError
        return said

    def close(self) -> None:
        """End it, and what it has forked."""
        self._line.close()
        try:
            self._process.wait(1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


_idle: list[ForkServer] = []


def expect() -> None:
    """Have one idle: it is started, but not waited for. Raises OSError where it cannot be started."""
    if not _idle:
        _idle.append(ForkServer())


def said_of(kind: str, file: IO[bytes]) -> bytes:
    """Return what a process says that was forked for this document alone; nothing, where it crashed or took too long.

    Raises OSError where none could be forked.
    """
    try:
        return _said_by(_idle.pop(), kind, file)
    except (IndexError, ConnectionError):  # none is idle, or it has ended meanwhile
        return _said_by(ForkServer(), kind, file)


def _said_by(server: ForkServer, kind: str, file: IO[bytes]) -> bytes:
    said = b""
    try:
        said = server.said_of(kind, file)
    finally:
        # What crashed may have been an attempt to take it over, for which one has to know where things are in its
        # memory: that is the same for all that one server forks, so the next attempt meets another.
        if said:
            _idle.append(server)
        else:
            server.close()
    return said


@atexit.register
def _end_idle() -> None:
    while _idle:
        _idle.pop().close()
