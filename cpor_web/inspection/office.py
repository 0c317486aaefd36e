"""Word, Excel and PowerPoint (ECMA-376): nothing that runs, is fetched when it is opened, or bursts."""

import io
import lzma
import re
import stat
import struct
import zipfile
import zlib
from contextlib import suppress
from pathlib import PurePosixPath
from typing import IO
from xml.parsers import expat

from cpor_web.inspection import parts
from cpor_web.inspection.findings import Finding, Found
from cpor_web.inspection.links import leads_astray

MOST_MEMBERS = 10_000
LARGEST_INFLATED = 512 * 2**20
"""Bytes of all members together, as the directory declares them; what they really hold is held to it."""

LARGEST_RATIO = 200
RATIO_COUNTS_FROM = 2**20
LARGEST_LIST = 4 * 2**20
"""Bytes of a list of types or relationships."""

DEEPEST = 2
"""A worksheet in a document is one deep; deeper ones are archives that want to burst."""

CHUNK = 2**18

_LOCAL_HEADER = 30
_ENCRYPTED = 0x1 | 0x40
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ZIP = b"PK\x03\x04"
_PROGRAMS = (b"MZ", b"\x7fELF")

_UNREADABLE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    NotImplementedError,  # a way to pack that nobody uses
    RuntimeError,
    ValueError,
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    expat.ExpatError,
)
_MACROS = ("macroenabled", "vbaproject", "vbadata", "macrosheet", "activex")
_LINKS = ("externallink",)
_FETCHING = (*_LINKS, ".connections+xml", ".querytable+xml", "webextension")
_DECLARED = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
_NOT_A_PART = re.compile(r"^/|\\|(^|/)\.\.?(/|$)|\.piece$|%(2[DEF]|3\d|[46][1-9A-F]|[57][0-9A]|5[CF]|7E)", re.I)
"""Names that readers take for those of other parts: a part in pieces (part 2, 7.3.4), letters written as numbers
(6.2.2). No program writes such."""

_END = struct.Struct("<4s4H2LH")
_MASKED = (0xFFFF, 0xFFFFFFFF)
_FETCHED = ("externallink", "connections", "querytable", "webextension", "taskpanes")
_ELSEWHERE = re.compile(r"\s*([a-z][a-z0-9+.-]*:|//|\\\\)", re.I)
"""What leads out of the file, whatever its mode says."""

_BROUGHT_IN = frozenset({"afchunk", "oleobject", "control"})


def inspect(stream: IO[bytes], *, depth: int = 1) -> None:
    """Raise Found for an archive that is not a plain document. Members are counted before any is unpacked."""
    try:
        with zipfile.ZipFile(stream) as archive:
            _is_one_archive(archive, stream)
            _is_no_bomb(archive.infolist())
            for member in archive.infolist():
                _look_at(archive, member, depth)
    except _UNREADABLE:
        raise Found(Finding.DAMAGED) from None


def _is_one_archive(archive: zipfile.ZipFile, stream: IO[bytes]) -> None:
    """Refuse what is another file to who begins at its start, or has another directory to who reads its end.

    A reader of ZIP64 (APPNOTE 4.3.15) may take its record always, or only where the older one says so.
    """
    stream.seek(0)
    start = stream.read(len(_ZIP))
    stream.seek(-_END.size, io.SEEK_END)
    signature, _, _, here, whole, _, offset, comment = _END.unpack(stream.read(_END.size))
    number = len(archive.infolist())
    agree = here == whole and whole in (number, _MASKED[0]) and offset in (archive.start_dir, _MASKED[1])
    if start != _ZIP or signature != b"PK\x05\x06" or comment or not agree:
        raise Found(Finding.DAMAGED)
    if min(member.header_offset for member in archive.infolist()) != 0:
        raise Found(Finding.DAMAGED)


def _is_no_bomb(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > LARGEST_INFLATED:
        raise Found(Finding.BOMB)
    if len({member.filename.casefold() for member in members}) < len(members):
        raise Found(Finding.DAMAGED)  # which of two is meant, each reader decides for itself
    if any(_NOT_A_PART.search(member.filename) for member in members):
        raise Found(Finding.DAMAGED)
    end = 0
    for member in sorted(members, key=lambda each: each.header_offset):
        if member.flag_bits & _ENCRYPTED:
            raise Found(Finding.ENCRYPTED)
        if stat.S_ISLNK(member.external_attr >> 16):  # as a Unix packs a link: no part of a document is one
            raise Found(Finding.DAMAGED)
        if member.header_offset < end:  # they share their bytes (Fifield, "A better zip bomb")
            raise Found(Finding.BOMB)
        end = member.header_offset + _LOCAL_HEADER + member.compress_size
        if member.file_size > max(RATIO_COUNTS_FROM, LARGEST_RATIO * member.compress_size):
            raise Found(Finding.BOMB)


def _look_at(archive: zipfile.ZipFile, member: zipfile.ZipInfo, depth: int) -> None:
    """Unpack a member to its end, which proves its declared size, and look at how it begins."""
    name = member.filename
    lower = name.lower()
    if any(word in lower for word in _MACROS):
        raise Found(Finding.MACROS)
    if any(word in lower for word in _LINKS):
        raise Found(Finding.LINKED)
    with archive.open(member) as content:
        start = content.read(CHUNK)
        if start.startswith((_OLE, *_PROGRAMS)):
            raise Found(Finding.EMBEDDED)
        if start.startswith(_ZIP):
            _look_within(start + content.read(), name, depth)
        if lower == "[content_types].xml":
            _Types().read(start + content.read(LARGEST_LIST))
        if lower.endswith(".rels"):
            _Relationships().read(start + content.read(LARGEST_LIST))
        is_telling = _read_on(start, content, may_declare=lower.endswith(".svg"))
    if is_telling and parts.may_be_xml(start):
        _read_elements(archive, member)


def _read_on(start: bytes, content: IO[bytes], *, may_declare: bool) -> bool:
    """Read a member to its end, and tell whether its elements are to be looked at one by one.

    What declares entities is refused (part 2, 6.2.5), but for pictures as such.
    """
    is_telling = parts.is_wide(start)
    tail, chunk = b"", start
    while chunk:
        seen = tail + chunk
        if not may_declare and any(declared in seen for declared in _DECLARED):
            raise Found(Finding.DAMAGED)
        is_telling = is_telling or parts.TELLING.search(seen) is not None
        tail, chunk = seen[-parts.LONGEST_TELLING :], content.read(CHUNK)
    return is_telling


def _read_elements(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    with archive.open(member) as content, suppress(*_excused(member)):
        parts.read(iter(lambda: content.read(CHUNK), b""))


def _excused(member: zipfile.ZipInfo) -> tuple[type[Exception], ...]:
    """Return what may be wrong with a part: old drawings (VML) are often no XML."""
    return (expat.ExpatError,) if member.filename.lower().endswith(".vml") else ()


def _look_within(content: bytes, name: str, depth: int) -> None:
    if depth >= DEEPEST or PurePosixPath(name).suffix.lower() not in (".xlsx", ".docx", ".pptx"):
        raise Found(Finding.EMBEDDED)
    inspect(io.BytesIO(content), depth=depth + 1)


class _Reader:
    """Reads XML element by element. What declares entities of its own is refused: no such document needs any."""

    def read(self, content: bytes) -> None:
        if len(content) > LARGEST_LIST:
            raise Found(Finding.BOMB)
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._element
        parser.Parse(content, True)

    def _refuse(self, *_declared: object) -> None:
        raise Found(Finding.DAMAGED)

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        raise NotImplementedError


class _Types(_Reader):
    """[Content_Types].xml (part 2, 7.2.3): what each part says it is."""

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("ContentType", "").lower()
        if any(word in kind for word in _MACROS):
            raise Found(Finding.MACROS)
        if any(word in kind for word in _FETCHING):
            raise Found(Finding.LINKED)


class _Relationships(_Reader):
    """A list of relationships (part 2, 6.5): what a part fetches from elsewhere, such as a template with macros."""

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("Type", "").rpartition("/")[2].lower()
        target = attributes.get("Target", "")
        is_within = attributes.get("TargetMode", "").lower() in ("", "internal")
        if not is_within or _ELSEWHERE.match(target):
            if kind != "hyperlink":
                raise Found(Finding.LINKED)
            if leads_astray(target, has_pages_without_scheme=False):
                raise Found(Finding.ASTRAY)
        if any(word in kind for word in _FETCHED):
            raise Found(Finding.LINKED)
        if "vbaproject" in kind or "macrosheet" in kind:
            raise Found(Finding.MACROS)
        if kind in _BROUGHT_IN:
            raise Found(Finding.EMBEDDED)
