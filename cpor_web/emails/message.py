"""Write a mail: from its words to the bytes that the mail server takes.

The same arguments give the same bytes, so that a mail sent twice is one mail to its reader's program. Headers are
encoded here and not left to EmailMessage, which turns `=?utf-8?q?a=0ABcc:_x?=` in a name into a header
(docs/adr/0007), nor to Header, which takes longer over a subject than all else here over a mail.
"""

import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from email import quoprimime
from email.utils import format_datetime, formataddr
from functools import lru_cache

from cpor_web.addresses import ascii_address
from cpor_web.rules.characters import has_breaks

LINE = 76  # RFC 2047 section 2: a line with an encoded word
LONGEST_LINE = 998  # RFC 5322 section 2.1.1, without the CRLF
LONGEST_WORD = 200  # longer than any word that a person types; past it folding has no place to fold at

_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,75}")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+>")
_BOUNDARY = re.compile(r"[A-Za-z0-9]{8,60}")
_ENCODED, _FOLD = "=?utf-8?q?{}?=", "\n "
_PRINTABLE = re.compile(r"[ -~]+")


class UnsafeHeader(ValueError):
    """What was to stand in the header `name`: a `value` that could end the header, or change what follows it."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(f"unsafe value for the header {name!r}")  # the value is people's, and logs are not for that
        self.name = name
        self.value = value


def build(
    *,
    sender: str,
    sender_name: str,
    to: str,
    to_name: str,
    reply_to: str | None,
    subject: str,
    text: str,
    html: str,
    message_id: str,
    date: datetime,
    boundary: str,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Return the whole mail, in ASCII and CRLF, the plain text first and the HTML as its alternative.

    `sender_name` and `to_name` may be empty, and have any characters but controls and line breaks. `message_id` comes
    with its angle brackets; `date` is aware; `boundary` has 8 to 60 letters and digits. More `headers` are in ASCII,
    and each stays one unfolded, unencoded line (RFC 8058 asks for that).

    Raises UnsafeHeader for a control character, a line break, or a name, identifier or value of another form;
    UnsupportedAddress for an address that cannot be written in ASCII; UnicodeEncodeError for halves of characters
    (lone surrogates) in text or HTML.
    """
    if not _BOUNDARY.fullmatch(boundary):
        raise UnsafeHeader("Content-Type", boundary)
    if not _MESSAGE_ID.fullmatch(message_id):
        raise UnsafeHeader("Message-ID", message_id)
    # Quoted-printable never has "=_" in a line, so no body can hold this boundary (RFC 2045 section 6.7).
    head = {
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="=_{boundary}"',
        "From": _mailbox("From", sender_name, sender),
        "To": _mailbox("To", to_name, to),
        **({} if reply_to is None else {"Reply-To": _mailbox("Reply-To", "", reply_to)}),
        "Subject": _words("Subject", subject),
        "Date": _written(date),
        "Message-ID": _plain("Message-ID", message_id),
        # RFC 3834, and Exchange's own: no automatic replies, but non-delivery reports must come (so not "All").
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "RN, NRN",
    }
    known = {name.lower() for name in head}
    for name, value in (headers or {}).items():
        if name.lower() in known:
            raise UnsafeHeader(name, value)
        known.add(name.lower())
        head[name] = _plain(name, value)
    edge = f"--=_{boundary}".encode("ascii")
    parts = (_head(head), _part(text, "text/plain"), _part(html, "text/html"))
    return (b"\r\n" + edge + b"\r\n").join(parts) + b"\r\n" + edge + b"--\r\n"


def _head(headers: Mapping[str, str]) -> bytes:
    """Write headers that are folded already, and the empty line after them."""
    lines = "".join(f"{name}: {value}\n" for name, value in headers.items())
    return lines.replace("\n", "\r\n").encode("ascii")


def _part(content: str, content_type: str) -> bytes:
    head = _head(
        {"Content-Type": f'{content_type}; charset="utf-8"', "Content-Transfer-Encoding": "quoted-printable"}
    )
    return head + b"\r\n" + _quoted_printable(content.encode("utf-8"))


def _quoted_printable(octets: bytes) -> bytes:
    ends_in_a_blank = b" \n" in octets or b"\t\n" in octets or octets.endswith((b" ", b"\t"))
    if ends_in_a_blank or b"\r" in octets:  # binascii would make lines of 78 of those
        return quoprimime.body_encode(octets.decode("latin-1"), eol="\r\n").encode("ascii")
    return b"\r\n".join(map(_quoted_printable_line, octets.split(b"\n")))


@lru_cache(1024)  # most lines of a mail stand in all mails of its form
def _quoted_printable_line(octets: bytes) -> bytes:
    return binascii.b2a_qp(octets, istext=True).replace(b"\n", b"\r\n")


def _mailbox(header: str, name: str, address: str) -> str:
    _check(header, address)
    phrase = _tidy(header, name)
    mailbox = ascii_address(address)
    if _needs_no_encoding(phrase):
        return _folded(header, formataddr((phrase, mailbox)))
    encoded = _encoded(header, phrase)
    fits = len(encoded.rpartition("\n")[2]) + len(f"{header}:  <{mailbox}>") <= LINE
    return f"{encoded}{' ' if fits else _FOLD}<{mailbox}>"


def _words(header: str, value: str) -> str:
    words = _tidy(header, value)
    return _folded(header, words) if _needs_no_encoding(words) else _encoded(header, words)


def _folded(header: str, words: str) -> str:
    """Break a line at blanks where it is too long; a word that is wider than a line has one of its own."""
    first, *rest = words.split(" ")
    lines, room = [first], LINE - len(f"{header}: ")
    for word in rest:
        if len(lines[-1]) + 1 + len(word) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
            room = LINE - len(" ")
    return _FOLD.join(lines)


def _encoded(header: str, words: str) -> str:
    """Write words as encoded words (RFC 2047), one a line, each of whole characters."""
    lines, room = [""], LINE - len(f"{header}: {_ENCODED.format('')}")
    for character in words:
        code = _in_an_encoded_word(character)
        if len(lines[-1]) + len(code) > room:
            lines.append("")
            room = LINE - len(f" {_ENCODED.format('')}")
        lines[-1] += code
    return _FOLD.join(map(_ENCODED.format, lines))


@lru_cache(1024)
def _in_an_encoded_word(character: str) -> str:
    if character.isascii() and (character.isalnum() or character in "!*+-/"):
        return character  # RFC 2047 section 5: all that may stand for itself in a name
    return "_" if character == " " else "".join(f"={octet:02X}" for octet in character.encode())


def _plain(header: str, value: str) -> str:
    if not (
        _HEADER_NAME.fullmatch(header)
        and _PRINTABLE.fullmatch(value)
        and value == value.strip()
        and len(f"{header}: {value}") <= LONGEST_LINE
    ):
        raise UnsafeHeader(header, value)
    return value


def _written(date: datetime) -> str:
    if date.tzinfo is None:
        raise ValueError("a mail's date is aware")
    return format_datetime(date)


def _needs_no_encoding(words: str) -> bool:
    # What looks like an encoded word (RFC 2047) would be decoded by the reader's program: encode it once more.
    return words.isascii() and "=?" not in words and all(len(word) <= LONGEST_WORD for word in words.split())


def _tidy(header: str, value: str) -> str:
    _check(header, value)
    return " ".join(value.split())


def _check(header: str, value: str) -> None:
    """Refuse controls (CR, LF, NUL), Unicode's own line and paragraph breaks, and halves of characters."""
    if has_breaks(value):
        raise UnsafeHeader(header, value)
