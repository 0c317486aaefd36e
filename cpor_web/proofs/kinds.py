"""The kinds of documents that are taken, and how each is told by its content."""

import io
import re
import zipfile
from codecs import getincrementaldecoder
from collections.abc import Callable
from email.parser import BytesHeaderParser
from typing import IO, NamedTuple

HEAD = 8192
"""How many bytes at a file's start are looked at."""

HEAD_OF_A_MAIL = 2**18
"""As far its headers are looked for: those who passed it on, and what was checked on the way, stand before From."""

CHUNK = 2**18

LAST_PDF_MARK = 1024
"""Readers take a file for a PDF whose mark is within these bytes (ISO 32000-1, annex H.3)."""

LARGEST_DIRECTORY = 2**20
"""Bytes of an archive's directory: ten thousand entries with names of ordinary length."""

_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_PDF = b"%PDF-"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_MESSAGE_STREAM = "__properties_version1.0".encode("utf-16-le")
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")

_PAGE = re.compile(
    r"\s*(<!--.*?-->\s*)*<(!doctype|\?xml|html|head|body|svg|script|iframe|meta|table|div)\b", re.I | re.S
)
_RTF = "{\\rtf"
_SYLK = re.compile(r"ID;P[^\r\n]*[\r\n]+[A-Z]{1,2};")
"""A worksheet in letters, with macros if it likes: Excel opens it as such, whatever its extension."""


class Kind(NamedTuple):
    """One kind of document: its media type, whether content is of this kind, and what inspects it (`inspection`)."""

    media_type: str
    matches: Callable[[IO[bytes]], bool]
    inspected_as: str = ""


def head_of(stream: IO[bytes], length: int = HEAD) -> bytes:
    """Return the first bytes of `stream`, which is at its start again afterwards."""
    stream.seek(0)
    head = stream.read(length)
    stream.seek(0)
    return head


def _signature(*extensions: str) -> Callable[[IO[bytes]], bool]:
    def matches(stream: IO[bytes]) -> bool:
        import puremagic  # with all signatures that it knows, which few processes need

        try:
            found = puremagic.magic_string(head_of(stream))
        except (puremagic.PureError, ValueError):
            return False
        return not {match.extension for match in found}.isdisjoint(extensions)

    return matches


class _SmallDirectory(io.BytesIO):
    """Gives `zipfile` an archive whose directory is small; it would make an object of each of a million entries.

    The directory is read in one piece. Its length there is what counts: the record of how many entries there are
    need not be true.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self._stream = stream

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > LARGEST_DIRECTORY:
            raise zipfile.BadZipFile("too many entries")
        return self._stream.read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()


def _office(folder: str) -> Callable[[IO[bytes]], bool]:
    def matches(stream: IO[bytes]) -> bool:
        try:
            with zipfile.ZipFile(_SmallDirectory(stream)) as archive:
                names = archive.namelist()  # the directory at the end only; nothing is unpacked
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            return False
        finally:
            stream.seek(0)
        return "[Content_Types].xml" in names and any(name.startswith(folder) for name in names)

    return matches


def is_locked_office_file(stream: IO[bytes]) -> bool:
    """Tell whether this is a Word, Excel or PowerPoint file with a password (MS-OFFCRYPTO): no archive any more."""
    return head_of(stream).startswith(_OLE) and _holds(stream, _ENCRYPTED_STREAM)


def _is_outlook_message(stream: IO[bytes]) -> bool:
    # Word's and Excel's old formats begin with the same bytes; only a message has this stream inside.
    return head_of(stream).startswith(_OLE) and _holds(stream, _MESSAGE_STREAM)


def _holds(stream: IO[bytes], name: bytes) -> bool:
    tail = b""
    try:
        while chunk := stream.read(CHUNK):
            if name in tail + chunk:
                return True
            tail = chunk[-len(name) :]
    finally:
        stream.seek(0)
    return False


def _is_text(stream: IO[bytes]) -> bool:
    """Tell whether this is text to its end, and none that a program would take for something else."""
    head = head_of(stream)
    if _PDF in head[:LAST_PDF_MARK]:  # can be made of letters only
        return False
    wide = head.startswith(_UTF16_MARKS)
    begins = head.decode("utf-16" if wide else "utf-8-sig", "replace")
    if _PAGE.match(begins) or begins.startswith(_RTF) or _SYLK.match(begins):
        return False
    return _is_wide_text(stream) if wide else _is_plain_text(stream)


def _is_plain_text(stream: IO[bytes]) -> bool:
    try:
        return not any(_BINARY.search(chunk) for chunk in iter(lambda: stream.read(CHUNK), b""))
    finally:
        stream.seek(0)


def _is_wide_text(stream: IO[bytes]) -> bool:
    decoder = getincrementaldecoder("utf-16")()
    try:
        pieces = iter(lambda: stream.read(CHUNK), b"")
        return not any("\0" in decoder.decode(piece) for piece in pieces) and not decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        stream.seek(0)


def _is_mail(stream: IO[bytes]) -> bool:
    if not _is_text(stream):
        return False
    headers = BytesHeaderParser().parsebytes(head_of(stream, HEAD_OF_A_MAIL))
    return "From" in headers and ("Date" in headers or "Subject" in headers)


_OFFICE = "application/vnd.openxmlformats-officedocument."

JPEG = Kind("image/jpeg", _signature(".jpg", ".jpeg"), "JPEG")
TIFF = Kind("image/tiff", _signature(".tif", ".tiff"), "TIFF")

KINDS = {
    ".pdf": Kind("application/pdf", _signature(".pdf"), "pdf"),
    ".png": Kind("image/png", _signature(".png"), "PNG"),
    ".jpg": JPEG,
    ".jpeg": JPEG,
    ".tif": TIFF,
    ".tiff": TIFF,
    ".docx": Kind(_OFFICE + "wordprocessingml.document", _office("word/"), "office"),
    ".xlsx": Kind(_OFFICE + "spreadsheetml.sheet", _office("xl/"), "office"),
    ".pptx": Kind(_OFFICE + "presentationml.presentation", _office("ppt/"), "office"),
    ".msg": Kind("application/vnd.ms-outlook", _is_outlook_message, "msg"),
    ".eml": Kind("message/rfc822", _is_mail, "eml"),
    ".txt": Kind("text/plain", _is_text),
    ".csv": Kind("text/csv", _is_text, "csv"),
}
"""What can be proof, by the file's extension."""
