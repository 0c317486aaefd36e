"""One connection to the mail server: opened with every check, every answer with a deadline.

smtplib speaks the protocol. It is told here what it leaves to chance: certificates are verified, an answer that
drips in byte by byte still ends at its deadline, and a failure to open says at which stage.
"""

import io
import smtplib
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from cpor_web.config import Settings
from cpor_web.config.together import is_in_the_clear
from cpor_web.emails.outcomes import Outcome, Unavailable, answer_line, one_line


@dataclass(frozen=True)
class MailServer:
    """Where mails go out, and how to get in.

    With `security` `starttls` or `tls` the certificate is verified against the host's name; there is no way not to.
    `timeout` is in seconds, for connecting, and for each answer but the last one (the transport's own parameter);
    `ca_file` a PEM file of the authorities to trust instead of the system's; `local_hostname` the name that we greet
    with: without it the address of our end of the connection, as to look a name up may block as long as the resolver
    likes. Raises ValueError where a password would cross the network in the clear.
    """

    host: str
    port: int
    security: Literal["none", "starttls", "tls"] = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = 30.0
    ca_file: str | None = None
    local_hostname: str | None = None

    def __post_init__(self) -> None:
        if is_in_the_clear(username=self.username, security=self.security, server=self.host):
            raise ValueError("a mail server's password needs TLS: set the security to starttls or tls")

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the server that the settings name."""
        return cls(
            host=settings.mail_server,
            port=settings.mail_port,
            security=settings.mail_security,
            username=settings.mail_username or None,
            password=settings.mail_password or None,
            timeout=settings.mail_timeout,
            ca_file=settings.mail_ca_file or None,
        )


class Trouble(Exception):
    """The connection cannot be used, or no longer; no mail was handed over.

    `outcome` is what that means for the mail that was to be sent.
    """

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class NotOpened(Trouble):
    """No connection came about, at the stage that its outcome names."""

    outcome: Unavailable


class _Answers(io.RawIOBase):
    """The bytes that a server sends, until one deadline for all of them."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.deadline = 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("no complete answer in time")
        self._sock.settimeout(remaining)
        return self._sock.recv_into(buffer)


class Session(smtplib.SMTP):
    """smtplib's connection, where `timeout` bounds a whole answer instead of each of its packets."""

    _answers: _Answers
    sock: socket.socket | None
    file: Any

    def getreply(self) -> tuple[int, bytes]:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        if self.file is None:
            self._answers = _Answers(self.sock)
            self.file = io.BufferedReader(self._answers)
        self._answers.deadline = time.monotonic() + self.timeout
        return super().getreply()

    def send(self, s: Any) -> None:
        if self.sock is not None:
            self.sock.settimeout(self.timeout)
        super().send(s)

    def leave(self) -> None:
        """Say goodbye and close. Whatever the server makes of it no longer concerns any mail."""
        self.timeout = min(self.timeout, 5.0)
        try:
            self.docmd("QUIT")
        except OSError:
            pass
        finally:
            self.close()


class _TlsSession(Session, smtplib.SMTP_SSL):
    """The same, in TLS from the first byte on (RFC 8314)."""


def open_session(server: MailServer) -> Session:
    """Return a session that is greeted, encrypted and signed in as the settings ask for.

    Raises NotOpened, which names the stage.
    """
    session = _connect(server)
    try:
        _secure(session, server)
        _sign_in(session, server)
    except BaseException:
        session.close()
        raise
    return session


def _connect(server: MailServer) -> Session:
    host, port, name = server.host, server.port, server.local_hostname or "localhost"
    try:
        if server.security == "tls":
            session: Session = _TlsSession(host, port, name, context=_trust(server), timeout=server.timeout)
        else:
            session = Session(host, port, name, timeout=server.timeout)
    except smtplib.SMTPException as error:
        raise _unavailable("greeting", error) from error
    except ssl.SSLError as error:
        raise _unavailable("tls", error) from error
    except (OSError, UnicodeError) as error:
        raise _unavailable("connect", error) from error
    if server.local_hostname is None and session.sock is not None:
        session.local_hostname = _address_literal(session.sock)
    return session


def _secure(session: Session, server: MailServer) -> None:
    try:
        session.ehlo_or_helo_if_needed()
    except OSError as error:
        raise _unavailable("greeting", error) from error
    if server.security != "starttls":
        return
    try:
        # A server that no longer offers STARTTLS is a refusal, never a reason to go on in the clear.
        session.starttls(context=_trust(server))
        session.ehlo_or_helo_if_needed()
    except OSError as error:
        raise _unavailable("tls", error) from error


def _trust(server: MailServer) -> ssl.SSLContext:
    """Return what verifies certificates, for the name that we connect to."""
    try:
        return ssl.create_default_context(cafile=server.ca_file)
    except OSError as error:
        raise _unavailable("tls", error) from error


def _sign_in(session: Session, server: MailServer) -> None:
    if not server.username:
        return
    try:
        session.login(server.username, server.password or "")
    except (OSError, UnicodeError) as error:
        raise _unavailable("auth", error) from error


def _unavailable(kind: Literal["connect", "greeting", "tls", "auth"], error: Exception) -> NotOpened:
    return NotOpened(Unavailable(reason(error), kind))


def reason(error: Exception) -> str:
    """Return why it failed, as people read it: the server's answer where there is one."""
    if isinstance(error, smtplib.SMTPResponseException):
        return answer_line(error.smtp_code, error.smtp_error)
    return one_line(str(error)) or type(error).__name__


def _address_literal(sock: socket.socket) -> str:
    """Return our end of the connection as RFC 5321 section 4.1.3 writes it: `[192.0.2.1]`, `[IPv6:2001:db8::1]`."""
    address = str(sock.getsockname()[0]).partition("%")[0]
    return f"[IPv6:{address}]" if sock.family == socket.AF_INET6 else f"[{address}]"
