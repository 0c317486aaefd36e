"""What is kept of a received mail: its bytes as they came, without attachments and without customers' links.

A reply quotes our notice, a report brings it back whole, and in it stands the link that denies. No working link is
ever stored, and no member of staff is shown one: they are struck out of every text, whatever its encoding.
"""

import base64
import hashlib
import quopri
import re
from collections.abc import Iterator

from cpor_web.incoming import mime, reports
from cpor_web.incoming.mime import Part

LONGEST = 1 << 20
"""Bytes of a mail that are looked at and kept. A report's own parts come before the mail that it gives back."""

STRUCK = "[link]"
NOT_KEPT = b"[not kept]\r\n"
IDENTITY = frozenset({"", "7bit", "8bit", "binary"})
"""The transfer encodings that leave the bytes as they are."""

# Fields that differ between two copies of one mail that came by two ways.
_TRACE = re.compile(
    rb"^(return-path|received|delivered-to|x-original-to|envelope-to|x-envelope-to):", re.IGNORECASE | re.MULTILINE
)
# As `consent_links` makes them; also where a program wrote the "~" otherwise, or broke one half off.
_TILDE = r"(?:~|%7E|%257E|=7E|&#126;|&#x7E;)"
_TOKEN = re.compile(
    rf"[A-Za-z0-9_-]{{22}}{_TILDE}[A-Za-z0-9_-]{{0,22}}|[A-Za-z0-9_-]{{0,21}}{_TILDE}[A-Za-z0-9_-]{{22}}",
    re.IGNORECASE,
)
_TOKEN_BYTES = re.compile(_TOKEN.pattern.encode(), re.IGNORECASE)
_SPREAD = re.compile(rb"=\r?\n|\0")
"""What stands between characters that belong together: in a mail within a text, or in UTF-16."""


def digest(raw: bytes) -> bytes:
    """Return what tells this mail from every other: the SHA-256 of its bytes, but for the fields of its way here."""
    headers, blank, body = raw[:LONGEST].replace(b"\r\n", b"\n").partition(b"\n\n")
    own = (field for field in re.split(rb"\n(?![ \t])", headers) if not _TRACE.match(field))
    return hashlib.sha256(b"\n".join(own) + blank + body).digest()


def struck(text: str) -> str:
    """Return a text without customers' links."""
    return _TOKEN.sub(STRUCK, text)


def kept(raw: bytes) -> bytes:
    """Return what is stored of a mail. Never raises, whatever the bytes."""
    raw = raw[:LONGEST]
    try:
        pieces = list(_kept_pieces(raw))
    except Exception:  # as in parsing: then its headers must do
        pieces = [raw[: mime.LONGEST_HEADER].replace(b"\r\n", b"\n").partition(b"\n\n")[0], b"\n\n", NOT_KEPT]
    return _TOKEN_BYTES.sub(STRUCK.encode(), b"".join(pieces))[:LONGEST]


def _kept_pieces(raw: bytes) -> Iterator[bytes]:
    found = mime.parts(raw)
    if len(found) == mime.MOST_PARTS:  # what follows was not looked at
        raw = raw[: found.pop().start] + NOT_KEPT
    returned = reports.returned_mail(found)
    position = 0
    for part, following in zip(found, [*found[1:], None], strict=True):
        if part.start < position:
            continue  # within a part that was left out
        end = min(part.end, len(raw))
        is_opened = following is not None and following.depth > part.depth
        body = _instead_of_body(raw, part, is_returned=part is returned, is_opened=is_opened)
        if body is not None:
            yield raw[position : part.start]
            yield body
            position = end
    yield raw[position:]


def _instead_of_body(raw: bytes, part: Part, *, is_returned: bool, is_opened: bool) -> bytes | None:
    """Return what is kept of a part's body, or None where it may stay as it is."""
    if is_returned:
        inner = part.body(raw).replace(b"\r\n", b"\n").partition(b"\n\n")
        return inner[0] + b"\n\n" + NOT_KEPT
    if _is_container(part):
        # What is encoded as a whole, against RFC 2045 section 6.4, is not taken apart here, but by mail programs.
        is_read = part.depth < mime.MOST_DEPTH and is_opened and _encoding(part) in IDENTITY
        return None if is_read else NOT_KEPT
    if not part.type.startswith(("text/", "message/")):
        return NOT_KEPT  # a file may hold the link where nobody finds it, and more that is better left outside
    decoded = part.body(raw)
    clean = _TOKEN_BYTES.sub(STRUCK.encode(), decoded)
    if _TOKEN_BYTES.search(_SPREAD.sub(b"", clean)):
        return NOT_KEPT
    return None if clean == decoded else _encoded(clean, part)


def _encoded(body: bytes, part: Part) -> bytes:
    encoding = _encoding(part)
    if encoding == "base64":
        return base64.encodebytes(body)
    return quopri.encodestring(body) if encoding == "quoted-printable" else body


def _encoding(part: Part) -> str:
    return mime.header(part.headers, "Content-Transfer-Encoding").strip().lower()


def _is_container(part: Part) -> bool:
    return part.type.startswith("multipart/") or part.type in mime.CONTAIN_A_MAIL
