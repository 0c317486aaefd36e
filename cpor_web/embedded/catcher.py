"""A mail server that delivers to a folder and to nobody else: the demo's post office."""

import asyncio
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

from cpor_web.embedded.catcher_pages import PageServer
from cpor_web.embedded.exc import StartError
from cpor_web.embedded.mailbox import Mailbox

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session


NO_ROOM = "452 4.3.1 Insufficient system storage"
"""Asks for the mail again later. An error that is raised aiosmtpd answers with 500, which ends a notice for good."""


class Delivery:
    """aiosmtpd's handler: keeps what it is given, then says so to the client."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, _server: "SMTP", _session: "Session", envelope: "Envelope") -> str:  # noqa: N802
        """Answer 250 with the mail's number, only after the file is there (RFC 5321, 6.1)."""
        raw = envelope.original_content or b""
        try:
            mail = self._mailbox.add(envelope.mail_from or "", envelope.rcpt_tos, raw)
        except OSError:
            return NO_ROOM
        return f"250 2.0.0 Caught as {mail.number}"


class Catcher:
    """An SMTP server on the loopback that keeps every mail, and pages on which a person reads them.

    Use it as a context manager. Any sender, any recipient, no password, no encryption: for demos and tests.
    """

    def __init__(self, data_dir: Path, *, smtp_port: int = 0, web_port: int | None = None) -> None:
        """data_dir: mails go to `mail/` in it. smtp_port: 0 takes a free one. web_port: the same; None: no pages."""
        self.mailbox = Mailbox(data_dir.absolute() / "mail")
        self.smtp_port = smtp_port
        self._pages = PageServer(self.mailbox, web_port) if web_port is not None else None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mail-catcher", daemon=True)
        self._server: asyncio.Server | None = None

    @property
    def host(self) -> str:
        """Where the SMTP server listens."""
        return "127.0.0.1"

    @property
    def web_url(self) -> str | None:
        """The address of the pages, None where there are none."""
        return self._pages.url if self._pages is not None else None

    def start(self) -> None:
        """Listen for mails, and show them. Raises StartError when a port is taken."""
        self._thread.start()
        try:
            self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
            if self._pages is not None:
                self._pages.start()
        except OSError as error:
            self.stop()
            raise StartError(f"The mail catcher cannot listen: {error.strerror}.") from error
        self.smtp_port = self._server.sockets[0].getsockname()[1]

    async def _listen(self) -> asyncio.Server:
        from aiosmtpd.smtp import SMTP

        delivery = Delivery(self.mailbox)
        return await self._loop.create_server(
            lambda: SMTP(delivery, hostname="localhost", enable_SMTPUTF8=True, loop=self._loop),
            self.host,
            self.smtp_port,
        )

    def stop(self) -> None:
        """Stop listening; the mails stay. Stopping twice is the same as once."""
        if self._pages is not None:
            self._pages.stop()
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    async def _hang_up(self) -> None:
        if self._server is not None:
            self._server.close()
        conversations = asyncio.all_tasks() - {asyncio.current_task()}
        for conversation in conversations:
            conversation.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
