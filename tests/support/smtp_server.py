"""An SMTP server that follows a script of faults and keeps what it receives.

Real TCP on 127.0.0.1, one thread a connection. In a test::

    server = ScriptedServer().start()
    server.fail("RCPT", "550 5.1.1 No such user", address="gone@example.org")
    server.drop("STORED", times=1)  # takes the mail, closes before it says 250
    ...
    server.wait_for(1).pop().message["Subject"]
    server.stop()

As a process, for journeys: ``python -m tests.support.smtp_server --port 2525 --maildir DIR`` writes each mail to
``DIR/<number>.eml``, complete the moment it has that name; ``received_mail.mails_in(DIR)`` reads them.
"""

from __future__ import annotations

import argparse
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.support.received_mail import Mail
from tests.support.smtp_conversation import Conversation, Fault, Hangup, Step, shut

WITHIN = 120.0
"""Seconds that anything which is to happen may take; most of it happens at once."""


class ScriptedServer:
    """The server. ``start()`` after ``stop()`` takes the same port again; mails and faults are kept.

    :param certificate: a server's context; without it there is no TLS and no STARTTLS
    :param implicit_tls: TLS from the first byte on
    :param users: passwords by user name; with any, MAIL needs a sign-in
    :param extensions: what EHLO offers besides STARTTLS and AUTH
    :param maildir: where to write each mail as well
    """

    host = "127.0.0.1"

    def __init__(
        self,
        *,
        port: int = 0,
        certificate: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        users: dict[str, str] | None = None,
        extensions: tuple[str, ...] = ("SIZE 35882577", "8BITMIME", "ENHANCEDSTATUSCODES"),
        maildir: Path | None = None,
    ) -> None:
        self.port = port
        self.certificate = certificate
        self.implicit_tls = implicit_tls
        self.users = users or {}
        self.extensions = extensions
        self.maildir = maildir
        self.mails: list[Mail] = []
        self.commands: list[str] = []
        self.connections = 0
        self._faults: list[Fault] = []
        self._struck: set[Step] = set()
        self._changed = threading.Condition()
        self._released = threading.Event()
        self._listener: socket.socket | None = None
        self._open: set[Conversation] = set()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def start(self) -> Self:
        self._released.clear()
        self._listener = socket.create_server((self.host, self.port))
        self.port = self._listener.getsockname()[1]
        self._spawn(self._accept, self._listener)
        return self

    def stop(self) -> None:
        """Close every connection, whatever it is doing, and the port."""
        with self._changed:
            listener, self._listener = self._listener, None
            if listener is not None:
                shut(listener)
                listener.close()
        self.drop_connections()
        self.release()
        for thread in self._threads:
            thread.join(WITHIN)
        assert not any(thread.is_alive() for thread in self._threads), "a connection did not end"
        self._threads.clear()

    @property
    def is_running(self) -> bool:
        return self._listener is not None

    # The script

    def fail(self, step: Step, answer: str, *, address: str | None = None, times: int | None = None) -> None:
        """Answer so at this step; 421 also closes the connection."""
        self._faults.append(Fault(step, answer, address, times))

    def drop(self, step: Step, *, address: str | None = None, times: int | None = None) -> None:
        """Close the connection at this step, without an answer."""
        self._faults.append(Fault(step, None, address, times))

    def hang(self, step: Step, *, address: str | None = None, times: int | None = None) -> None:
        """Say nothing at this step until ``release()``, then go on as if nothing had been."""
        self._released.clear()
        self._faults.append(Fault(step, None, address, times, hang=True))

    def slow(self, step: Step, seconds: float, *, times: int | None = None) -> None:
        """Send the answer at this step one byte at a time, so many seconds apart."""
        self._faults.append(Fault(step, None, None, times, drip=seconds))

    def release(self) -> None:
        """Let everything that hangs go on."""
        self._released.set()

    def behave(self) -> None:
        """Forget every fault."""
        self._faults.clear()
        self._struck.clear()
        self.release()

    def drop_connections(self) -> None:
        """Close the connections that are open now, as a server does with idle ones."""
        with self._changed:
            for conversation in self._open:
                conversation.hang_up()
            self._changed.wait_for(lambda: not self._open or self._listener is None, 5)

    def has_struck(self, step: Step) -> bool:
        """Whether a fault at this step has come about since the server last behaved."""
        with self._changed:
            return step in self._struck

    # What came

    def wait_for(self, count: int, timeout: float = WITHIN) -> list[Mail]:
        """The mails, as soon as there are so many.

        :raises TimeoutError: there were fewer in that many seconds
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.mails) >= count, timeout):
                raise TimeoutError(f"{len(self.mails)} of {count} mails in {timeout} s")
            return list(self.mails)

    def wait_for_command(self, verb: str, timeout: float = WITHIN) -> None:
        """Return as soon as a command that starts so has come in.

        :raises TimeoutError: none did in that many seconds
        """
        with self._changed:
            if not self._changed.wait_for(lambda: any(c.startswith(verb) for c in self.commands), timeout):
                raise TimeoutError(f"no {verb} in {timeout} s")

    def mails_to(self, address: str) -> list[Mail]:
        with self._changed:
            return [mail for mail in self.mails if address in mail.recipients]

    # The inside

    def note(self, command: str) -> None:
        with self._changed:
            self.commands.append(command)
            self._changed.notify_all()

    def keep(self, mail_from: str, recipients: list[str], raw: bytes) -> None:
        with self._changed:
            self.mails.append(Mail(mail_from, tuple(recipients), raw))
            if self.maildir is not None:
                self.mails[-1].write(self.maildir)
            self._changed.notify_all()

    def fault_at(self, step: Step, recipients: list[str]) -> Fault | None:
        with self._changed:
            for fault in self._faults:
                if fault.step == step and fault.times != 0 and (fault.address is None or fault.address in recipients):
                    if fault.times is not None:
                        fault.times -= 1
                    self._struck.add(step)
                    return fault
        return None

    def wait_until_released(self) -> None:
        self._released.wait(600)  # as long as a test may last

    def _spawn(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._changed:
                if self._listener is not listener:
                    connection.close()
                    return
                self.connections += 1
                conversation = Conversation(self, connection)
                self._open.add(conversation)
            self._spawn(self._talk, conversation)

    def _talk(self, conversation: Conversation) -> None:
        try:
            with suppress(OSError, Hangup):  # the other side went, or the script says so
                conversation.run()
        finally:
            conversation.close()
            with self._changed:
                self._open.discard(conversation)
                self._changed.notify_all()


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description="An SMTP server for tests")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--maildir", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.maildir.mkdir(parents=True, exist_ok=True)
    server = ScriptedServer(port=arguments.port, maildir=arguments.maildir).start()
    print(server.port, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
