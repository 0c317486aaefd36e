"""Posts to the operator's own assessor, over http.client of the standard library.

One POST an address that the settings name needs no more, and http.client does nothing unasked: it follows no
redirect, reads no proxy from the environment and knows no other scheme. Certificates are checked against the system's
authorities (or those that SSL_CERT_FILE names).
"""

import json
import ssl
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, urlsplit

from cpor_web.cut_off import cut_after

TIMEOUT_SECONDS = 10.0
"""For connecting, and again for everything after it, however slowly the answer drips."""

LONGEST_ANSWER = 300
SUCCESS = range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)


@dataclass(frozen=True)
class Delivered:
    """The receiver took it: any status from 200 to 299."""

    answer: str


@dataclass(frozen=True)
class Failed:
    """The receiver answered with another status, a redirect included."""

    answer: str


@dataclass(frozen=True)
class Away:
    """The receiver could not be reached, or did not answer in time: no single message is to blame."""

    answer: str


Outcome = Delivered | Failed | Away


def as_json(body: Mapping[str, Any]) -> bytes:
    """Return `body` as bytes, the same ones every time."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def post(url: str, body: bytes, headers: Mapping[str, str], *, timeout: float = TIMEOUT_SECONDS) -> Outcome:
    """Post `body` once and tell what came of it. `timeout` in seconds; never raises for what the network does."""
    address = urlsplit(url)
    connection = _connection(address, timeout)
    try:
        connection.connect()
        line = connection.sock  # the connection lets go of it once the answer has begun
        with cut_after(timeout, lambda: line):
            connection.request("POST", _target(address), body, dict(headers))
            answer = connection.getresponse()
            words = f"{answer.status} {answer.reason} {_text(answer.read(LONGEST_ANSWER))}"
    except (OSError, HTTPException) as error:
        return Away(_plain(f"{type(error).__name__}: {error}"))
    finally:
        connection.close()
    return Delivered(_plain(words)) if answer.status in SUCCESS else Failed(_plain(words))


def _connection(address: SplitResult, timeout: float) -> HTTPConnection:
    assert address.hostname is not None
    if address.scheme == "https":
        context = ssl.create_default_context()
        return HTTPSConnection(address.hostname, address.port, timeout=timeout, context=context)
    return HTTPConnection(address.hostname, address.port, timeout=timeout)


def _target(address: SplitResult) -> str:
    return (address.path or "/") + (f"?{address.query}" if address.query else "")


def _text(answer: bytes) -> str:
    return answer.decode("utf-8", "replace")


def _plain(text: str) -> str:
    """Return one line without control characters, for people."""
    visible = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    return " ".join(visible.split())[:LONGEST_ANSWER]
