"""Mails that were saved (EML, MSG): no attachment that is a program. The others are as safe as a mailbox is."""

from collections.abc import Iterator
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.utils import collapse_rfc2231_value
from pathlib import PurePosixPath
from typing import IO

import olefile

from cpor_web.inspection.findings import Finding, Found

MOST_PARTS = 2_000
MOST_ENTRIES = 20_000

PROGRAMS = frozenset(
    """
    .ade .adp .app .appcontent-ms .application .appref-ms .appx .appxbundle .bas .bat .cab .chm .cmd .com .cpl .csh
    .diagcab .diagcfg .diagpkg .dll .docm .dotm .exe .fxp .gadget .hlp .hpj .hta .htc .img .inf .ins .iqy .iso .isp
    .its .jar .jnlp .js .jse .ksh .library-ms .lnk .mad .maf .mag .mam .maq .mar .mas .mau .mav .maw .mcf .mda .mdb
    .mde .mdt .mdw .mdz .msc .msh .msh1 .msh1xml .msh2 .msh2xml .mshxml .msi .msix .msixbundle .msp .mst .msu .one
    .onepkg .ops .osd .pcd .pif .pl .potm .ppam .ppsm .pptm .prf .prg .printerexport .ps1 .ps1xml .ps2 .ps2xml .psc1
    .psc2 .psdm1 .psm1 .py .pyc .pyo .pyw .pyz .pyzw .rdp .reg .scf .scr .sct .search-ms .settingcontent-ms .sh .shb
    .shs .sldm .slk .theme .udl .url .vb .vbe .vbp .vbs .vhd .vhdx .vsmacros .vsto .vsw .webpnp .website .wll .ws
    .wsb .wsc .wsf .wsh .xbap .xla .xlam .xll .xlsb .xlsm .xltm .xnk
    """.split()  # noqa: SIM905 - a hundred literals
)
"""Extensions of what runs, or starts what runs, when it is opened: mostly what Outlook blocks as well."""

_MACROS = frozenset({"vba", "_vba_project", "_vba_project_cur", "macros"})
_PROPERTIES = "__properties_version1.0"
_NAMES = ("__substg1.0_3707001f", "__substg1.0_3704001f", "__substg1.0_3707001e", "__substg1.0_3704001e")
_LONGEST_NAME = 2_000


def inspect_eml(stream: IO[bytes]) -> None:
    """Raise Found for a mail (RFC 5322) that carries a program."""
    try:
        message: Message = BytesParser().parse(stream)
        for number, part in enumerate(message.walk()):
            if number > MOST_PARTS:
                raise Found(Finding.BOMB)
            for name in _names_of(part):
                _is_no_program(_decoded(name))
    except RecursionError:
        raise Found(Finding.BOMB) from None
    except (MessageError, ValueError, LookupError, TypeError, AttributeError):
        raise Found(Finding.DAMAGED) from None


def inspect_msg(stream: IO[bytes]) -> None:
    """Raise Found for a mail of Outlook's (MS-OXMSG) that carries a program, or macros."""
    try:
        with olefile.OleFileIO(stream) as ole:
            entries = ole.listdir(streams=True, storages=True)
            if len(entries) > MOST_ENTRIES:
                raise Found(Finding.BOMB)
            if [_PROPERTIES] not in entries:
                raise Found(Finding.DAMAGED)
            for entry in entries:
                if not _MACROS.isdisjoint(part.lower() for part in entry):
                    raise Found(Finding.MACROS)
                if entry[-1].lower() in _NAMES:
                    _is_no_program(_text_of(ole, entry))
    except (OSError, ValueError, TypeError, IndexError, KeyError, AttributeError, RecursionError):
        raise Found(Finding.DAMAGED) from None


def _text_of(ole: olefile.OleFileIO, entry: list[str]) -> str:
    encoding = "utf-16-le" if entry[-1].lower().endswith("f") else "latin-1"
    with ole.openstream(entry) as content:
        return str(content.read(_LONGEST_NAME).decode(encoding, "replace"))


def _names_of(part: Message) -> Iterator[str]:
    """Yield every name that a program may save a part under: they differ in which of several they take."""
    for header in ("Content-Disposition", "Content-Type"):
        for value in part.get_all(header, []):
            alone = Message()
            alone[header] = value
            for key, said in alone.get_params([], header):
                if key.lower() in {"filename", "name"}:
                    yield collapse_rfc2231_value(said)


def _decoded(name: str) -> str:
    """Return a name as mail programs show it (RFC 2047), and in Latin letters where its own are not known."""
    try:
        pieces = decode_header(name)
    except (MessageError, ValueError):
        return name
    return "".join(_letters(piece, charset) if isinstance(piece, bytes) else piece for piece, charset in pieces)


def _letters(piece: bytes, charset: str | None) -> str:
    try:
        return piece.decode(charset or "ascii", "replace")
    except (LookupError, ValueError):
        return piece.decode("latin-1")


def _is_no_program(name: str) -> None:
    bare = name.replace("\\", "/").rpartition("/")[2].partition(":")[0]  # behind a colon is a stream of NTFS
    if PurePosixPath(bare.strip(" .\0\t\r\n")).suffix.lower() in PROGRAMS:
        raise Found(Finding.PROGRAM)
