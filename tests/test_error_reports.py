"""A report of an error says what failed and where, to a real listener; nothing that anybody typed, and no address."""

import gzip
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import sentry_sdk

from cpor_web import error_reports, logs

WITHIN = 120.0
PRIVATE = ("carla@customer.example.org", "a-token-of-a-customer", "hunter2")


class Sink:
    """Takes reports as Sentry does."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                is_packed = self.headers.get("Content-Encoding") == "gzip"
                sink.bodies.append((gzip.decompress(body) if is_packed else body).decode())
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.dsn = f"http://key@127.0.0.1:{self.server.server_port}/1"


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A listener of this test's own, to which errors are reported meanwhile."""
    made = Sink()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    before = list(logging.getLogger().handlers)
    error_reports.set_up(made.dsn, environment="production")
    yield made
    logging.getLogger().handlers[:] = before
    sentry_sdk.get_client().close(timeout=WITHIN)
    sentry_sdk.get_global_scope().set_client(None)
    made.server.shutdown()
    thread.join(WITHIN)
    made.server.server_close()


def fail(address: str, token: str) -> None:
    password = PRIVATE[2]
    raise ValueError(f"{address} {token} {password}")


def test_a_report_has_type_and_place_and_nothing_private(sink: Sink) -> None:
    with logs.of_job("4711"):
        try:
            fail(PRIVATE[0], PRIVATE[1])
        except ValueError:
            logging.getLogger("cpor_web.tests").exception("mail to %s failed, /d/%s", *PRIVATE[:2])
    sentry_sdk.flush(WITHIN)
    (body,) = sink.bodies
    event = json.loads(body.splitlines()[-1])
    (exception,) = event["exception"]["values"]
    assert (exception["type"], exception["stacktrace"]["frames"][-1]["function"]) == ("ValueError", "fail")
    assert event["tags"] == {"logger": "cpor_web.tests", "job": "4711"}
    assert not [word for word in PRIVATE if word in body]
    assert set(event) <= {*error_reports.KEPT, "exception"}


def test_what_is_no_exception_is_not_reported(sink: Sink) -> None:
    logging.getLogger("cpor_web.tests").error("the history of %s", PRIVATE[0])
    sentry_sdk.flush(WITHIN)
    assert sink.bodies == []


def test_without_an_address_to_report_to_nothing_is_set_up() -> None:
    before = list(logging.getLogger().handlers)
    error_reports.set_up("", environment="production")
    assert logging.getLogger().handlers == before
