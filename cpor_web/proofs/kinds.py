"""The kinds of documents that are taken, and how each is told by its content."""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from typing import IO

import puremagic

HEAD = 8192
"""How many bytes at a file's start are looked at."""

CHUNK = 2**18

LARGEST_DIRECTORY = 2**20
"""Bytes of an archive's directory: ten thousand entries with names of ordinary length."""

_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_PDF = b"%PDF-"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_MESSAGE_STREAM = "__properties_version1.0".encode("utf-16-le")


@dataclass(frozen=True)
class Kind:
    """One kind of document: its media type, and whether content is of this kind."""

    media_type: str
    matches: Callable[[IO[bytes]], bool]


def head_of(stream: IO[bytes]) -> bytes:
    """Return the first bytes of `stream`, which is at its start again afterwards."""
    stream.seek(0)
    head = stream.read(HEAD)
    stream.seek(0)
    return head


def _signature(*extensions: str) -> Callable[[IO[bytes]], bool]:
    def matches(stream: IO[bytes]) -> bool:
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


def _is_outlook_message(stream: IO[bytes]) -> bool:
    # Word's and Excel's old formats begin with the same bytes; only a message has this stream inside.
    if not head_of(stream).startswith(_OLE):
        return False
    tail = b""
    try:
        while chunk := stream.read(CHUNK):
            if _MESSAGE_STREAM in tail + chunk:
                return True
            tail = chunk[-len(_MESSAGE_STREAM) :]
    finally:
        stream.seek(0)
    return False


def _is_text(stream: IO[bytes]) -> bool:
    head = head_of(stream)
    if head.startswith(_PDF):  # can be made of letters only
        return False
    return head.startswith(_UTF16_MARKS) or not _BINARY.search(head)


def _is_mail(stream: IO[bytes]) -> bool:
    if not _is_text(stream):
        return False
    headers = BytesHeaderParser().parsebytes(head_of(stream))
    return "From" in headers and ("Date" in headers or "Subject" in headers)


_OFFICE = "application/vnd.openxmlformats-officedocument."

JPEG = Kind("image/jpeg", _signature(".jpg", ".jpeg"))
TIFF = Kind("image/tiff", _signature(".tif", ".tiff"))

KINDS = {
    ".pdf": Kind("application/pdf", _signature(".pdf")),
    ".png": Kind("image/png", _signature(".png")),
    ".jpg": JPEG,
    ".jpeg": JPEG,
    ".tif": TIFF,
    ".tiff": TIFF,
    ".docx": Kind(_OFFICE + "wordprocessingml.document", _office("word/")),
    ".xlsx": Kind(_OFFICE + "spreadsheetml.sheet", _office("xl/")),
    ".pptx": Kind(_OFFICE + "presentationml.presentation", _office("ppt/")),
    ".msg": Kind("application/vnd.ms-outlook", _is_outlook_message),
    ".eml": Kind("message/rfc822", _is_mail),
    ".txt": Kind("text/plain", _is_text),
    ".csv": Kind("text/csv", _is_text),
}
"""What can be proof, by the file's extension."""
