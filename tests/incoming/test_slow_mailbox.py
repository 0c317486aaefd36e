"""A mailbox that goes on saying that it is busy holds nobody up for longer than an answer may take."""

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from cpor_web.incoming.mailbox import Mailbox, MailboxTrouble
from tests.support.smtp_fixtures import authority as authority
from tests.support.smtp_fixtures import authority_file as authority_file
from tests.support.smtp_fixtures import certificate_for as certificate_for

BUSY = b"* OK Searched 12% of the mailbox, ETA 0:50\r\n"
RAW = b"Subject: Late\r\n\r\n" + b"Not here.\r\n" * 10
EVERY = 0.05
STAGES = ("GREETING", "CAPABILITY", "STARTTLS", "LOGIN", "SELECT", "SEARCH", "FETCH", "NAMESPACE")


class BusyServer:
    """An IMAP server that comes to no end at one stage, and gives a mail away in ten pieces."""

    def __init__(self, stage: str, certificate: ssl.SSLContext | None = None) -> None:
        self._stage, self._certificate = stage, certificate
        self._is_over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._listener.close()
        self._thread.join(60)

    def _accept(self) -> None:
        with suppress(OSError):
            line, _address = self._listener.accept()
            with self._certificate.wrap_socket(line, server_side=True) if self._certificate else line as line:
                self._talk(line)

    def _talk(self, line: socket.socket) -> None:
        if self._stage == "GREETING":
            self._say_without_end(line, b"x")
        line.sendall(b"* OK ready\r\n")
        for asked in line.makefile("rb"):
            tag, command = re.match(rb"(\S+) (?:UID )?(\S+)", asked).groups()  # type: ignore[union-attr]
            if command.decode() == self._stage:
                self._say_without_end(line, BUSY)
            if command == b"CAPABILITY":
                line.sendall(b"* CAPABILITY IMAP4rev1 NAMESPACE STARTTLS\r\n")
            if command == b"SEARCH":
                line.sendall(b"* SEARCH 1\r\n")
            if command == b"FETCH":
                line.sendall(b"* 1 FETCH (UID 1 BODY[]<0> {%d}\r\n" % len(RAW))
                for at in range(0, len(RAW), len(RAW) // 10):
                    line.sendall(RAW[at : at + len(RAW) // 10])
                    self._is_over.wait(0.3)
                line.sendall(b")\r\n")
            line.sendall(tag + b" OK done\r\n")

    def _say_without_end(self, line: socket.socket, words: bytes) -> None:
        while not self._is_over.wait(EVERY):
            line.sendall(words)


@contextmanager
def busy(stage: str, certificate: ssl.SSLContext | None = None, **how: object) -> Iterator[Mailbox]:
    server = BusyServer(stage, certificate)
    try:
        security = "tls" if certificate else "starttls" if stage == "STARTTLS" else "none"
        yield Mailbox("127.0.0.1", server.port, security, "returns", "secret", "INBOX", **how)  # type: ignore[arg-type]
    finally:
        server.stop()


def read(mailbox: Mailbox) -> bytes | None:
    with mailbox as opened:
        (uid,) = opened.uids()
        raw = opened.fetch(uid)
        opened.put_away(uid)
    return raw


@pytest.mark.parametrize("stage", STAGES)
def test_a_server_that_says_without_end_that_it_is_busy_is_left(stage: str) -> None:
    began = time.monotonic()
    with (
        busy(stage, timeout=0.5, data_timeout=0.5) as mailbox,
        pytest.raises(MailboxTrouble, match="no complete answer in time"),
    ):
        read(mailbox)
    assert time.monotonic() - began < 60


def test_the_same_over_tls(certificate_for: Callable[..., ssl.SSLContext], authority_file: object) -> None:
    for stage in ("GREETING", "SEARCH"):
        with (
            busy(stage, certificate_for("127.0.0.1"), timeout=0.5, ca_file=str(authority_file)) as mailbox,
            pytest.raises(MailboxTrouble, match="no complete answer in time"),
        ):
            read(mailbox)


def test_a_mail_that_comes_slowly_but_steadily_comes_whole() -> None:
    with busy("", timeout=2.0, data_timeout=60.0) as mailbox:
        assert read(mailbox) == RAW
