"""Read-only pages of caught mails, for a person with a browser."""

import re
import socketserver
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from cpor_web.embedded.mailbox import CaughtMail, Mailbox

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

PAGES = Path(__file__).with_name("pages")
SHOWN = 200  # mails on the list
FIRST_HEADERS = ("From", "To", "Reply-To", "Date", "Subject")

OWN_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# A mail's HTML: no script, no request to anybody; its links may open a new tab.
MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
SECURITY_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
    ("X-Robots-Tag", "noindex"),
]

Answer = tuple[str, str, str, bytes]  # status, content type, content security policy, body


class CatcherPages:
    """The WSGI application: the list, a mail, its HTML in a sandbox, its source."""

    def __init__(self, mailbox: Mailbox) -> None:
        """mailbox: whose mails to show."""
        from jinja2 import Environment, FileSystemLoader

        self._mailbox = mailbox
        self._templates = Environment(loader=FileSystemLoader(PAGES), autoescape=True, trim_blocks=True)
        self._views: list[tuple[str, Callable[..., Answer]]] = [
            (r"/", self.index),
            (r"/style\.css", self.style),
            (r"/mail/(\d{1,9})", self.mail),
            (r"/mail/(\d{1,9})/html", self.html),
            (r"/mail/(\d{1,9})/source", self.source),
        ]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request; anything but GET and HEAD is refused."""
        method = environ["REQUEST_METHOD"]
        status, kind, csp, body = self._answer(method, environ.get("PATH_INFO") or "/")
        headers = [
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Content-Security-Policy", csp),
            *SECURITY_HEADERS,
        ]
        start_response(status, headers)
        return [b"" if method == "HEAD" else body]

    def _answer(self, method: str, path: str) -> Answer:
        if method not in {"GET", "HEAD"}:
            return self._page("405 Method Not Allowed", "message.html", message="These pages can only be read.")
        for pattern, view in self._views:
            if match := re.fullmatch(pattern, path):
                return view(*match.groups())
        return self._missing()

    def _page(self, status: str, template: str, **context: Any) -> Answer:
        text = self._templates.get_template(template).render(context)
        return status, "text/html; charset=utf-8", OWN_POLICY, text.encode("utf-8", "replace")

    def _missing(self) -> Answer:
        return self._page("404 Not Found", "message.html", message="There is no such mail.")

    def _find(self, number: str) -> CaughtMail | None:
        return self._mailbox.mail(int(number))

    def index(self) -> Answer:
        """The mails, newest first."""
        return self._page("200 OK", "list.html", mails=self._mailbox.newest(SHOWN))

    def style(self) -> Answer:
        """The style sheet."""
        return "200 OK", "text/css; charset=utf-8", OWN_POLICY, (PAGES / "style.css").read_bytes()

    def mail(self, number: str) -> Answer:
        """One mail: envelope, headers, text, and a frame with its HTML."""
        mail = self._find(number)
        if mail is None:
            return self._missing()
        names = dict.fromkeys(mail.message.keys())
        shown = [(name, mail.header(name)) for name in FIRST_HEADERS if mail.header(name)]
        rest = [(name, mail.header(name)) for name in names if name not in FIRST_HEADERS]
        attachments = [part.get_filename() or part.get_content_type() for part in mail.message.iter_attachments()]
        return self._page(
            "200 OK", "mail.html", mail=mail, headers=shown, more=rest, attachments=attachments,
            text=mail.body("plain"), has_html=mail.body("html") is not None,
        )  # fmt: skip

    def html(self, number: str) -> Answer:
        """One mail's HTML as it is; the policy, not a filter, makes it harmless."""
        mail = self._find(number)
        body = mail.body("html") if mail is not None else None
        if body is None:
            return self._missing()
        # Parsed as if it stood in <head>: every link without a target of its own opens a new tab.
        new_tab = '<!doctype html><base target="_blank">'
        return "200 OK", "text/html; charset=utf-8", MAIL_POLICY, (new_tab + body).encode("utf-8", "replace")

    def source(self, number: str) -> Answer:
        """One mail's bytes."""
        mail = self._find(number)
        if mail is None:
            return self._missing()
        return "200 OK", "text/plain; charset=utf-8", OWN_POLICY, mail.raw


class QuietHandler(WSGIRequestHandler):
    """Writes no access log: paths of a demo are of no interest on its terminal."""

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


class PageServer(socketserver.ThreadingMixIn, WSGIServer):
    """Serves the pages on the loopback, a thread for each connection."""

    daemon_threads = True
    host = "127.0.0.1"

    def __init__(self, mailbox: Mailbox, port: int) -> None:
        """port: 0 takes a free one. Nothing is bound before start()."""
        super().__init__((self.host, port), QuietHandler, bind_and_activate=False)
        self.set_app(CatcherPages(mailbox))
        self._thread: threading.Thread | None = None

    def server_bind(self) -> None:
        """Bind without asking the name service who we are, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]
        self.setup_environ()

    @property
    def url(self) -> str:
        """The address of the list, after start()."""
        return f"http://{self.host}:{self.server_address[1]}/"

    def start(self) -> None:
        """Bind and serve. Raises OSError when the port is taken."""
        self.server_bind()
        self.server_activate()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.1,), name="mail-pages", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving."""
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
            self._thread = None
        self.server_close()
