"""One connection to the scripted SMTP server: the protocol, and the places where it can go wrong."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tests.support.smtp_server import ScriptedServer

# Where a fault strikes. CONNECT: before the greeting. DATA: before the 354. TEXT: after it, before a byte of the
# text is read. MESSAGE: the text has come and is not kept yet. STORED: it is kept and not answered yet.
Step = Literal[
    "CONNECT", "EHLO", "STARTTLS", "AUTH", "RSET", "MAIL", "RCPT", "DATA", "TEXT", "MESSAGE", "STORED", "QUIT"
]  # fmt: skip


@dataclass
class Fault:
    """What goes wrong at a step, how often, and for whom."""

    step: Step
    answer: str | None = None  # None: the connection is closed without one
    address: str | None = None  # only if this one is a recipient
    times: int | None = None  # None: always
    hang: bool = False  # wait for release() first
    drip: float = 0.0  # seconds between two bytes of the right answer


class Hangup(Exception):
    """The connection ends here."""


class Conversation:
    """One connection, from the greeting to its end."""

    def __init__(self, server: ScriptedServer, connection: socket.socket) -> None:
        self.server = server
        self.sock = connection
        self.lines = connection.makefile("rb")
        self.signed_in = not server.users
        self.encrypted = False
        self.mail_from: str | None = None
        self.recipients: list[str] = []

    def run(self) -> None:
        if self.server.implicit_tls:
            self._encrypt()
        self._answer("CONNECT", "220 mail.example.org ESMTP")
        while line := self.lines.readline(2000):
            command = line.decode("utf-8", "replace").rstrip("\r\n")
            verb, _, argument = command.partition(" ")
            verb = verb.upper()
            self.server.note("AUTH …" if verb == "AUTH" else f"{verb} {argument}".rstrip())
            getattr(self, f"do_{verb}", self._unknown)(argument)

    def hang_up(self) -> None:
        """End it from another thread, without a word (a TLS connection too)."""
        shut(self.sock)

    def close(self) -> None:
        self.lines.close()
        shut(self.sock)
        self.sock.close()

    def do_EHLO(self, _argument: str) -> None:
        offers = list(self.server.extensions)
        if self.server.certificate is not None and not self.encrypted:
            offers.append("STARTTLS")
        if self.server.users:
            offers.append("AUTH PLAIN")
        lines = ["mail.example.org", *offers]
        self._answer("EHLO", "\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"]))

    def do_STARTTLS(self, _argument: str) -> None:
        if self._answer("STARTTLS", "220 2.0.0 Ready to start TLS"):
            self._encrypt()

    def do_AUTH(self, argument: str) -> None:
        _, user, password = base64.b64decode(argument.removeprefix("PLAIN ")).decode().split("\0")
        if self.server.users.get(user) != password:
            self._say("535 5.7.8 Authentication credentials invalid")
        elif self._answer("AUTH", "235 2.7.0 Authentication successful"):
            self.signed_in = True

    def do_RSET(self, _argument: str) -> None:
        if self._answer("RSET", "250 2.0.0 Ok"):
            self._forget()

    def do_MAIL(self, argument: str) -> None:
        if not self.signed_in:
            self._say("530 5.7.0 Authentication required")
        elif self.mail_from is not None:
            self._say("503 5.5.1 Nested MAIL command")
        elif self._answer("MAIL", "250 2.1.0 Ok"):
            self.mail_from = _address(argument)

    def do_RCPT(self, argument: str) -> None:
        recipient = _address(argument)
        if self.mail_from is None:
            self._say("503 5.5.1 MAIL first")
        elif self._answer("RCPT", "250 2.1.5 Ok", [recipient]):
            self.recipients.append(recipient)

    def do_DATA(self, _argument: str) -> None:
        if not self.recipients:
            self._say("554 5.5.1 No valid recipients")
            return
        if not self._answer("DATA", "354 End data with <CR><LF>.<CR><LF>", self.recipients):
            return
        self._passes("TEXT")
        raw = b"".join(line.removeprefix(b".") for line in self._text())
        if not self._passes("MESSAGE"):
            return
        assert self.mail_from is not None
        self.server.keep(self.mail_from, self.recipients, raw)
        self._answer("STORED", f"250 2.0.0 Ok: queued as {len(self.server.mails):04X}", self.recipients)
        self._forget()

    def do_QUIT(self, _argument: str) -> None:
        self._answer("QUIT", "221 2.0.0 Bye")
        raise Hangup

    def _unknown(self, _argument: str) -> None:
        self._say("502 5.5.2 Command not recognized")

    def _text(self) -> Iterator[bytes]:
        while (line := self.lines.readline()) != b".\r\n":
            if not line:
                raise Hangup
            yield line

    def _passes(self, step: Step) -> bool:
        """Whether the mail may go on."""
        fault = self.server.fault_at(step, self.recipients)
        if fault is None:
            return True
        passed = self._suffer(fault, "")
        if not passed:
            self._forget()
        return passed

    def _answer(self, step: Step, answer: str, recipients: list[str] | None = None) -> bool:
        """Answer as asked, or as the script says; whether it was as asked."""
        fault = self.server.fault_at(step, self.recipients if recipients is None else recipients)
        if fault is not None:
            return self._suffer(fault, answer)
        self._say(answer)
        return True

    def _suffer(self, fault: Fault, answer: str) -> bool:
        if fault.hang:
            self.server.wait_until_released()
        elif fault.drip:
            self._drip(answer, fault.drip)
            return True
        elif fault.answer is None:
            raise Hangup
        else:
            self._say(fault.answer)
            if fault.answer.startswith("421"):
                raise Hangup
            return False
        if answer:
            self._say(answer)
        return True

    def _say(self, answer: str) -> None:
        self.sock.sendall(answer.encode() + b"\r\n")

    def _drip(self, answer: str, seconds: float) -> None:
        gone = threading.Event()
        for byte in answer.encode() + b"\r\n":
            self.sock.sendall(bytes([byte]))
            gone.wait(seconds)

    def _encrypt(self) -> None:
        assert self.server.certificate is not None
        self.lines.close()
        self.sock = self.server.certificate.wrap_socket(self.sock, server_side=True)
        self.lines = self.sock.makefile("rb")
        self.encrypted = True

    def _forget(self) -> None:
        self.mail_from = None
        self.recipients = []


def _address(argument: str) -> str:
    return argument[argument.index("<") + 1 : argument.rindex(">")]


def shut(sock: socket.socket) -> None:
    """Wake whoever reads from it. Below TLS: an SSLSocket's own shutdown would go on in plain text."""
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
