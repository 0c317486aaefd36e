"""Takes a mail apart, whoever wrote it: within bounds, and never with an error.

The standard library reads the headers and undoes the encodings. The parts are found here, because it takes any depth
and any number of them: a mail of a megabyte can become half a million parts in memory.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32

CONTAIN_A_MAIL = frozenset({"message/rfc822", "message/global"})

MOST_PARTS = 60
MOST_DEPTH = 8
LONGEST_HEADER = 32_000
LONGEST_PARAMETERS = 2000
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_LINE_END = re.compile(rb"\r?\n")
_HEADERS = BytesHeaderParser(policy=compat32)
# Text codecs that are none of mail's: the first two take a time that grows with the square of the length.
_NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"})


@dataclass(frozen=True)
class Part:
    """One part of a mail, the whole of it being the first: its headers, and where in the bytes its body is."""

    headers: Message
    type: str
    start: int
    end: int
    depth: int

    def body(self, raw: bytes) -> bytes:
        """Return its body out of the mail's bytes, without its transfer encoding."""
        holder = Message()
        holder["Content-Transfer-Encoding"] = header(self.headers, "Content-Transfer-Encoding")
        holder.set_payload(raw[self.start : self.end].decode("ascii", "surrogateescape"))
        decoded = holder.get_payload(decode=True)
        return decoded if isinstance(decoded, bytes) else b""

    def text(self, raw: bytes, *, most: int) -> str:
        """Return the first `most` bytes of its body as text, as far as that can be told."""
        return decoded(self.body(raw)[:most], self.headers.get_content_charset("utf-8"))


def parts(raw: bytes) -> list[Part]:
    """Return the parts of a mail in their order, containers before what they contain; a limited number of them."""
    found: list[Part] = []
    _collect(raw, 0, len(raw), 0, found)
    return found


def header(headers: Message, name: str) -> str:
    """Return the values of a header as text, several of them separated by blanks; "" where there is none."""
    return _storable(" ".join(str(value) for value in headers.get_all(name, ())))


def decoded(raw: bytes, charset: str | None) -> str:
    """Return bytes as text that can be stored: in the charset they claim, if there is one, or in UTF-8."""
    try:
        name = codecs.lookup(charset or "utf-8").name
        text = raw.decode("utf-8" if name in _NO_CHARSETS else name, "replace")
    except (LookupError, ValueError):  # no such charset, none of texts, or a NUL in its name
        text = raw.decode("utf-8", "replace")
    return _storable(text)


def _storable(text: str) -> str:
    """Return a text without NUL and halves of characters, which no database takes."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def _collect(raw: bytes, start: int, end: int, depth: int, found: list[Part]) -> None:
    if len(found) >= MOST_PARTS:
        return
    furthest = min(end, start + LONGEST_HEADER)
    # A part may have no headers at all: then it begins with the blank line.
    blank = _LINE_END.match(raw, start, furthest) or _BLANK_LINE.search(raw, start, furthest)
    headers = _bounded(_HEADERS.parsebytes(raw[start : blank.start() if blank else furthest]))
    part = Part(headers, headers.get_content_type(), blank.end() if blank else furthest, end, depth)
    found.append(part)
    if depth >= MOST_DEPTH:
        return
    if part.type.startswith("multipart/"):
        for inner_start, inner_end in _between_boundaries(raw, part):
            _collect(raw, inner_start, inner_end, depth + 1, found)
    elif part.type in CONTAIN_A_MAIL:
        _collect(raw, part.start, end, depth + 1, found)


def _bounded(headers: Message) -> Message:
    """Take the parameters off a header that has too many: reading them takes time by the square of their length."""
    for name in ("Content-Type", "Content-Disposition"):
        value = str(headers.get(name, ""))
        if len(value) > LONGEST_PARAMETERS:
            del headers[name]
            headers[name] = value[:LONGEST_PARAMETERS].partition(";")[0]
    return headers


def _between_boundaries(raw: bytes, part: Part) -> Iterator[tuple[int, int]]:
    boundary = part.headers.get_boundary() or ""
    if not boundary or not boundary.isascii():  # RFC 2046, 5.1.1: a boundary is of ASCII, or is none
        return
    lines = re.compile(rb"^--" + re.escape(boundary.encode("ascii")) + rb"(--)?[ \t]*\r?$", re.MULTILINE)
    start = None
    for line in lines.finditer(raw, part.start, part.end):
        if start is not None:
            yield start, max(start, _before_line_end(raw, line.start()))
        start = min(line.end() + 1, part.end)
        if line[1]:
            return
    if start is not None:  # cut off, as what was too long is
        yield start, part.end


def _before_line_end(raw: bytes, position: int) -> int:
    """Return where the line ended that is before a boundary: its end belongs to the boundary (RFC 2046)."""
    return position - (2 if raw[position - 2 : position] == b"\r\n" else 1)
