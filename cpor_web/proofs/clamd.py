"""Speaks with clamd, the scanner for malware: a document goes to it in pieces (INSTREAM), one answer comes back."""

import re
import socket
import struct
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

PORT = 3310
CONNECT_SECONDS = 5.0
SILENT_SECONDS = 60.0
"""How long the scanner may take over a document once it has all of it, or over a piece."""

LONGEST_ANSWER = 4096
_FOUND = re.compile(r"^stream: (.+) FOUND$")


class ScannerAway(Exception):
    """The scanner cannot be reached, or went silent: nothing is known of the document, nor would be of others."""


class NotScanned(Exception):
    """The scanner works, but does not scan this document; its own words say why."""


@dataclass(frozen=True)
class Scanner:
    """A clamd: a path of a Unix socket, or host and port."""

    address: str | tuple[str, int]

    @classmethod
    def named(cls, name: str) -> "Scanner":
        """Return the scanner of a setting's text: `host`, `host:port`, `[::1]:3310`, or the path of a socket."""
        if name.startswith("/"):
            return cls(name)
        host, colon, port = name.rpartition(":")
        if not colon or name.endswith("]"):
            host, port = name, str(PORT)
        return cls((host.strip("[]"), int(port)))

    def scan(self, content: Iterable[bytes]) -> str:
        """Return what the scanner found in `content`, an empty string where nothing.

        Raises ScannerAway, or NotScanned. Nothing of `content` is kept; it is sent as it is read.
        """
        try:
            with self._connection() as connection:
                self._send(connection, content)
                answer = self._answer(connection)
        except OSError as error:
            raise ScannerAway(type(error).__name__) from None
        if answer == "stream: OK":
            return ""
        if found := _FOUND.match(answer):
            return found[1]
        if not answer:
            raise ScannerAway("it hung up")
        raise NotScanned(answer)

    def _connection(self) -> socket.socket:
        if isinstance(self.address, tuple):
            connection = socket.create_connection(self.address, timeout=CONNECT_SECONDS)
        else:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(CONNECT_SECONDS)
            try:
                connection.connect(self.address)
            except OSError:
                connection.close()
                raise
        connection.settimeout(SILENT_SECONDS)
        return connection

    def _send(self, connection: socket.socket, content: Iterable[bytes]) -> None:
        # It hangs up on what is too large for it, and says so: the answer is what counts.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(b"zINSTREAM\0")
            for piece in content:
                connection.sendall(struct.pack("!I", len(piece)) + piece)
            connection.sendall(struct.pack("!I", 0))

    def _answer(self, connection: socket.socket) -> str:
        answer, until = b"", time.monotonic() + SILENT_SECONDS
        while b"\0" not in answer and len(answer) < LONGEST_ANSWER and time.monotonic() < until:
            if not (piece := connection.recv(LONGEST_ANSWER)):
                break
            answer += piece
        return answer.partition(b"\0")[0].decode("utf-8", "replace").strip()
