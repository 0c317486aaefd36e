"""What a received mail is, as far as it says itself; whether one of ours stands behind it, others decide."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from email.utils import parseaddr
from html.parser import HTMLParser

from cpor_web.incoming import mime, reports
from cpor_web.incoming.mime import Part
from cpor_web.incoming.reports import Delivery

ADDRESSED_BY = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc", "Resent-To")
"""The headers that say to whom a mail came; mail servers write the envelope's recipient into the first ones."""

MOST_REFERENCES = 30
LONGEST_TEXT = 64_000
LONGEST_PAGE = 8000  # a page of half-open tags is read in a time by the square of its length
LONGEST_WORDS = 4000
LONGEST_ADDRESSES = 2000
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]{1,64}@[^\s<>()\[\],;:?\"@]{1,255}")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,250}>")
_BULK = frozenset({"bulk", "junk"})
_AUTOMATIC = frozenset({"auto_reply", "auto-reply"})
_LIST_HEADERS = ("List-Id", "List-Post", "List-Unsubscribe", "List-Help")
_SENDERS = ("From", "Sender", "Reply-To", "X-Original-From", "X-Original-Sender", "List-Post")
MOST_SENDERS = 20
_ROBOTS = re.compile(r"(?<![\w.+-])(mailer-daemon|postmaster|no-?reply|do-?not-?reply)@", re.IGNORECASE)


@dataclass(frozen=True)
class Incoming:
    """What a mail says of itself. It may lie in every point.

    `addressed` are the headers that say to whom it came, `answers` the Message-IDs that it answers, the nearest
    first, `deliveries` and `returned_id` what a report says, `words` a person's, without what they quote. `sender` is
    whom it says it is from, `senders` every address (in lower case) that it says it comes from or through: a group
    that somebody answers for puts its own where a mail program puts the writer's. `is_from_a_robot` says that the
    address it is from is one that programs write from; a person may all the same.
    """

    addressed: str = ""
    sender: str = ""
    senders: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    is_report: bool = False
    is_automatic: bool = False
    is_from_a_robot: bool = False
    is_from_a_list: bool = False
    deliveries: tuple[Delivery, ...] = ()
    returned_id: str = ""
    words: str = ""


def parse(raw: bytes) -> Incoming:
    """Return what a mail says. Never raises, whatever the bytes.

    Of one that cannot be taken apart only its beginning is read: what answers us, a person is to look at.
    """
    try:
        return _parse(raw)
    except Exception:  # the library's parsers fail in more ways than they name; strangers know them
        beginning = mime.decoded(raw[: mime.LONGEST_HEADER], "ascii").replace("\r\n", "\n").partition("\n\n")[0]
        return Incoming(addressed=beginning, answers=tuple(_MESSAGE_ID.findall(beginning)[:MOST_REFERENCES]))


def _parse(raw: bytes) -> Incoming:
    found = mime.parts(raw)
    headers = found[0].headers
    returned = reports.returned_mail(found)
    return Incoming(
        addressed="\n".join(mime.header(headers, name) for name in ADDRESSED_BY),
        sender=parseaddr(mime.header(headers, "From"))[1].lower(),
        senders=_senders(headers),
        answers=_answers(headers),
        is_report=reports.is_report(found[0]),
        is_automatic=_is_automatic(headers),
        is_from_a_robot=_ROBOTS.search(mime.header(headers, "From")) is not None,
        is_from_a_list=_is_from_a_list(headers),
        deliveries=tuple(reports.deliveries(raw, found)),
        returned_id=_returned_id(raw, returned),
        words=_words(raw, found),
    )


def _is_automatic(headers: Message) -> bool:
    """Only by plain signs: a program taken for a person costs a reviewer a look, a person taken for one a denial."""
    submitted = mime.header(headers, "Auto-Submitted").partition(";")[0].partition("(")[0].strip().lower()
    precedence = mime.header(headers, "Precedence").strip().lower()
    return (
        submitted not in {"", "no"}  # RFC 3834
        or precedence in _AUTOMATIC
        or (precedence in _BULK and not _is_from_a_list(headers))  # a list says so of everybody's mail
        or any(name in headers for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder"))
        or mime.header(headers, "Return-Path").strip() == "<>"
    )


def _is_from_a_list(headers: Message) -> bool:
    is_list = mime.header(headers, "Precedence").strip().lower() == "list"
    return is_list or any(name in headers for name in _LIST_HEADERS)


def _senders(headers: Message) -> tuple[str, ...]:
    given = ", ".join(mime.header(headers, name)[:LONGEST_ADDRESSES] for name in _SENDERS)
    return tuple(dict.fromkeys(_ADDRESS.findall(given.lower())))[:MOST_SENDERS]


def _answers(headers: Message) -> tuple[str, ...]:
    nearest = _MESSAGE_ID.findall(mime.header(headers, "In-Reply-To"))
    before = _MESSAGE_ID.findall(mime.header(headers, "References"))
    return tuple(dict.fromkeys([*nearest, *reversed(before)]))[:MOST_REFERENCES]


def _returned_id(raw: bytes, returned: Part | None) -> str:
    if returned is None:
        return ""
    (inner, *_) = mime.parts(returned.body(raw)[: mime.LONGEST_HEADER])
    found = _MESSAGE_ID.search(mime.header(inner.headers, "Message-ID"))
    return found[0] if found else ""


def _words(raw: bytes, found: Sequence[Part]) -> str:
    texts = [part for part in found if part.type == "text/plain" and not _is_attached(part)]
    pages = [part for part in found if part.type == "text/html" and not _is_attached(part)]
    text = texts[0].text(raw, most=LONGEST_TEXT) if texts else ""
    if not text.strip() and pages:
        text = _without_markup(pages[0].text(raw, most=LONGEST_PAGE))
    own = [line.rstrip() for line in text.splitlines() if not line.lstrip().startswith(">")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(own)).strip()[:LONGEST_WORDS]


def _is_attached(part: Part) -> bool:
    return part.headers.get_content_disposition() == "attachment"


def _without_markup(page: str) -> str:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return "".join(reader.said)


class _Reader(HTMLParser):
    """Keeps what a page says: its text, a line for each block."""

    UNSEEN = frozenset({"script", "style", "head", "title"})
    BLOCKS = frozenset({"br", "p", "div", "tr", "li", "blockquote", "h1", "h2", "h3"})

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, _attributes: object) -> None:
        self._unseen += tag in self.UNSEEN
        if tag in self.BLOCKS:
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(self._unseen - (tag in self.UNSEEN), 0)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.said.append(re.sub(r"\s+", " ", data))
