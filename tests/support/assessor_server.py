"""An operator's assessor: a real HTTP server that checks signatures, and fails, hangs and redirects when told.

What it checks is written from the specification of Standard Webhooks, without the code under test.
"""

import base64
import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = base64.b64encode(b"a key of thirty-two bytes, or so").decode()

HANG, DRIP, REDIRECT = "hang", "drip", "redirect"


@dataclass
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class AssessorServer:
    """`answers` are given in their order, then 204: a status, or one of the words above."""

    url: str = ""
    answers: list[int | str] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def told(self) -> list[tuple[str, int]]:
        """What it was told, as (type, sequence)."""
        return [(each.body["type"], each.body["data"]["sequence"]) for each in self.received]


@contextmanager
def running(certificate: ssl.SSLContext | None = None) -> Iterator[AssessorServer]:
    """Run the server in a thread, on a free port of the loopback; over https where it is given a certificate."""
    state = AssessorServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    state.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}/assess?tenant=1"
    if certificate:
        server.socket = certificate.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        state.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


def signature(secret: str, key: str, seconds: str, body: bytes) -> str:
    """Sign by the specification."""
    mac = hmac.new(base64.b64decode(secret), b".".join([key.encode(), seconds.encode(), body]), hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()


class _Handler(BaseHTTPRequestHandler):
    state: AssessorServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.state.received.append(Received(self.path, dict(self.headers), json.loads(body)))
        answer = self.state.answers.pop(0) if self.state.answers else 204
        if not self._is_signed(body):
            answer = 401
        if answer == HANG:
            self.state.stopped.wait(600)
        elif answer == DRIP:
            self._drip()
        elif answer == REDIRECT:
            self.send_response(307)
            self.send_header("Location", self.state.url)
            self.end_headers()
        else:
            self.send_response(int(answer))
            self.end_headers()
            if answer not in (204, 304):
                self.wfile.write(b"words\r\nof the <b>receiver</b>\x00")

    def do_GET(self) -> None:
        self.state.received.append(Received(self.path, dict(self.headers), {}))
        self.send_error(405)

    def _is_signed(self, body: bytes) -> bool:
        given = self.headers["webhook-signature"].split(" ")
        return signature(SECRET, self.headers["webhook-id"], self.headers["webhook-timestamp"], body) in given

    def _drip(self) -> None:
        try:
            while not self.state.stopped.wait(0.02):
                self.wfile.write(b"H")
        except OSError:
            pass  # the client has gone

    def log_message(self, *_words: object) -> None:
        """Keep quiet."""
