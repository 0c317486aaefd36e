"""A mailbox that is read for what comes back (IMAP, RFC 3501). What was read is moved to a folder beside it."""

import imaplib
import re
import ssl
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Self

from cpor_web.config import Settings
from cpor_web.cut_off import cut_after
from cpor_web.emails.outcomes import one_line, without_addresses
from cpor_web.emails.transport import DATA_SECONDS
from cpor_web.incoming import keeping

READ = "Processed"
UNREADABLE = "Unreadable"
_NUMBERS = re.compile(rb"\d+")
_PREFIX = re.compile(rb'\(\("([^"]*)"')

Answer = tuple[str, Sequence[Any]]
"""What imaplib makes of an answer: OK, NO or BAD, and what came with it."""


class NotGiven(Exception):
    """The server does not give one of its mails away, for trouble of its own."""


class MailboxTrouble(Exception):
    """The mailbox cannot be read now. It says why, without anybody's address."""

    def __init__(self, why: object) -> None:
        super().__init__(without_addresses(one_line(str(why))) or type(why).__name__)


class _Server(imaplib.IMAP4):
    """imaplib's connection, where `timeout` bounds the server's first words as a whole, not each of their packets."""

    def __init__(self, host: str, port: int, *, timeout: float, **how: Any) -> None:
        self._patience = timeout
        with ExitStack() as self._greeting:
            super().__init__(host, port, timeout=timeout, **how)

    def open(self, *where: Any, **how: Any) -> None:
        super().open(*where, **how)
        self._greeting.enter_context(cut_after(self._patience, lambda: self.sock))


class _TlsServer(_Server, imaplib.IMAP4_SSL):
    """The same, in TLS from the first byte on (RFC 8314)."""


@dataclass
class Mailbox:
    """One folder of a mail server, open within a `with` block. Every failure of the server is MailboxTrouble.

    Nothing is changed but by `put_away`: reading marks nothing as read. Each answer of the server may take `timeout`
    seconds, whatever it says meanwhile; one that is a whole mail `data_timeout`, if that is longer.
    """

    host: str
    port: int
    security: str
    username: str
    password: str
    folder: str
    timeout: float
    ca_file: str = ""
    data_timeout: float = DATA_SECONDS

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the mailbox that the settings name."""
        return cls(
            settings.imap_server,
            settings.imap_port,
            settings.imap_security,
            settings.imap_username,
            settings.imap_password,
            settings.imap_folder,
            settings.mail_timeout,
            settings.mail_ca_file,
        )

    def __enter__(self) -> Self:
        try:
            self._server = self._connected()
            self._sign_in()
            self._done(self._asked(self._server.select, _quoted(self.folder)))
        except (OSError, imaplib.IMAP4.error, UnicodeError) as error:
            self.__exit__()
            raise MailboxTrouble(error) from None
        self._folders: dict[str, str] = {}
        return self

    def __exit__(self, *_error: object) -> None:
        server: imaplib.IMAP4 | None = getattr(self, "_server", None)
        if server is not None:
            server.shutdown()  # not LOGOUT: nothing is pending, and a server may be slow to say goodbye

    def uids(self) -> list[int]:
        """Return the numbers of the mails that were not put away, the oldest first."""
        found = self._command("UID", "SEARCH", "UNDELETED")
        return sorted(int(uid) for line in found if line for uid in _NUMBERS.findall(line))

    def fetch(self, uid: int) -> bytes | None:
        """Return a mail's bytes, at most so many as are kept; None where it is gone.

        Raises NotGiven where the server answers, but keeps this one back.
        """
        try:
            part, seconds = f"(BODY.PEEK[]<0.{keeping.LONGEST}>)", max(self.timeout, self.data_timeout)
            answer = self._done(self._asked(self._server.uid, "FETCH", str(uid), part, seconds=seconds))
        except (OSError, imaplib.IMAP4.abort) as error:
            raise MailboxTrouble(error) from None
        except imaplib.IMAP4.error as error:
            raise NotGiven(error) from None
        return next((bytes(each[1]) for each in answer if isinstance(each, tuple)), None)

    def put_away(self, uid: int, folder: str = READ) -> None:
        """Move a mail out of the folder that is read: one that is kept elsewhere by now, or that is set aside."""
        folder = self._folders.get(folder) or self._made_folder(folder)
        if "MOVE" in self._server.capabilities:  # RFC 6851
            self._command("UID", "MOVE", str(uid), folder)
            return
        self._command("UID", "COPY", str(uid), folder)
        self._command("UID", "STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted \Seen)")
        if "UIDPLUS" in self._server.capabilities:  # RFC 4315; without it the owner's program clears up
            self._command("UID", "EXPUNGE", str(uid))

    def _connected(self) -> imaplib.IMAP4:
        context = ssl.create_default_context(cafile=self.ca_file or None)
        if self.security == "tls":
            return _TlsServer(self.host, self.port, ssl_context=context, timeout=self.timeout)
        server = _Server(self.host, self.port, timeout=self.timeout)
        if self.security == "starttls":
            try:
                with cut_after(self.timeout, lambda: server.sock):
                    server.starttls(context)
            except BaseException:
                server.shutdown()
                raise
        return server

    def _sign_in(self) -> None:
        secret = f"\0{self.username}\0{self.password}".encode()
        if "AUTH=PLAIN" in self._server.capabilities:  # takes any characters, which LOGIN does not
            self._done(self._asked(self._server.authenticate, "PLAIN", lambda _challenge: secret))
        else:
            self._done(self._asked(self._server.login, self.username, self.password))

    def _made_folder(self, name: str) -> str:
        """Return the folder of that name, made where it is missing, below the account's own prefix."""
        (answer,) = self._command("NAMESPACE") if "NAMESPACE" in self._server.capabilities else (b"",)
        prefix = _PREFIX.search(answer or b"")
        folder = _quoted((prefix[1].decode("ascii", "replace") if prefix else "") + name)
        try:
            self._asked(self._server.create, folder)  # NO where it is there already
            self._command("STATUS", folder, "(UIDNEXT)")
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxTrouble(error) from None
        self._folders[name] = folder
        return folder

    def _command(self, name: str, *arguments: str) -> Sequence[Any]:
        try:
            if name == "UID":
                return self._done(self._asked(self._server.uid, *arguments))
            if name == "NAMESPACE":
                return self._done(self._asked(self._server.namespace))
            return self._done(self._asked(self._server.status, *arguments))
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxTrouble(error) from None

    def _asked(self, command: Callable[..., Answer], *arguments: Any, seconds: float | None = None) -> Answer:
        with cut_after(seconds or self.timeout, lambda: self._server.sock):
            return command(*arguments)

    @staticmethod
    def _done(answer: Answer) -> Sequence[Any]:
        status, data = answer
        if status != "OK":
            raise imaplib.IMAP4.error(_text(data))
        return data


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", r"\\").replace('"', r"\"") + '"'


def _text(data: Sequence[Any]) -> str:
    return " ".join(each.decode("ascii", "replace") for each in data if isinstance(each, bytes))
