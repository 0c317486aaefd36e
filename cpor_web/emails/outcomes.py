"""What can come of handing one mail to the mail server."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

ANSWER_LENGTH = 500
_REPLY_CODE = re.compile(r"[245]\d\d(?=[ -]|$)")
_STATUS_CODE = re.compile(r"(?<![\w.])[245]\.\d{1,3}\.\d{1,3}(?![\w]|\.\d)")
_ADDRESS = re.compile(r"\S+@\S+")


@dataclass(frozen=True)
class Accepted:
    """The server has taken the mail, and answers for it from now on."""

    answer: str


@dataclass(frozen=True)
class Transient:
    """Not taken, for a reason that may pass: the same mail may be tried again later."""

    answer: str


@dataclass(frozen=True)
class Permanent:
    """Not taken, and never will be: trying the same mail again is pointless."""

    answer: str


@dataclass(frozen=True)
class Unknown:
    """The whole mail went out and no answer came back: it may have been taken, or not."""

    error: str


@dataclass(frozen=True)
class Unavailable:
    """No mail can be sent just now, whichever it is. It says nothing about this one."""

    error: str
    kind: Literal["connect", "greeting", "tls", "auth"]


Outcome = Accepted | Transient | Permanent | Unknown | Unavailable


def answer_line(code: int, text: bytes | str) -> str:
    """Return a server's answer as people read it, such as `250 2.0.0 Ok: queued as 4XYZ`.

    A code that is none (smtplib's -1) is left out.
    """
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return one_line(f"{code} {words}" if code > 0 else words)


def without_addresses(said: str) -> str:
    """Return what a server said without the addresses in it: so logs may have it."""
    return _ADDRESS.sub("…", said)


def one_line(text: str) -> str:
    """Return the text without line breaks and other control or format characters, at most 500 characters of it."""
    if text.isprintable():
        return " ".join(text.split())[:ANSWER_LENGTH]
    visible = (" " if unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"} else c for c in text)
    return " ".join("".join(visible).split())[:ANSWER_LENGTH]


def codes_of(answer: str) -> str:
    """Return a server's answer without its words: its reply code (RFC 5321) and status code (RFC 3463), if any."""
    reply = _REPLY_CODE.match(answer)
    return " ".join(filter(None, (reply and reply.group(), status_of(answer))))


def status_of(answer: str) -> str:
    """Return the status code (RFC 3463) in a server's answer, empty where it has none."""
    found = _STATUS_CODE.search(answer)
    return found.group() if found else ""
