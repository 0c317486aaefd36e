"""Writes a workbook (ECMA-376, one sheet) as its rows come: it starts at once, and is never whole in memory.

Every cell is an inline string, so nothing in it is ever calculated, whatever it begins with (CWE-1236).
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

MOST_ROWS = 2**20
"""What a sheet takes, its header too."""

_AT_ONCE = 2**16
_OFFICE = "http://schemas.openxmlformats.org"
_SHEET = "xl/worksheets/sheet1.xml"
_DECLARED = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_OFFICE}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{MEDIA_TYPE}.main+xml"/>'
        f'<Override PartName="/{_SHEET}" ContentType="application/vnd.openxmlformats-officedocument.'
        'spreadsheetml.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_OFFICE}/package/2006/relationships">'
        '<Relationship Id="rId1" Target="xl/workbook.xml" '
        f'Type="{_OFFICE}/officeDocument/2006/relationships/officeDocument"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_OFFICE}/spreadsheetml/2006/main" '
        f'xmlns:r="{_OFFICE}/officeDocument/2006/relationships">'
        '<sheets><sheet name="1" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_OFFICE}/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument/2006/relationships/worksheet" '
        'Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LIKE_AN_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


class _Out:
    """Takes what the archive writes until it is sent on."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        whole, self._parts, self.size = b"".join(self._parts), [], 0
        return whole


def workbook(header: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[bytes]:
    """Yield the bytes of a workbook. `rows` are read one by one, at most MOST_ROWS with the header."""
    out = _Out()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for name, text in _PARTS.items():
            archive.writestr(_entry(name), _DECLARED + text)
        with archive.open(_entry(_SHEET), "w") as sheet:
            sheet.write(f'{_DECLARED}<worksheet xmlns="{_OFFICE}/spreadsheetml/2006/main"><sheetData>'.encode())
            yield out.taken()
            for row in chain([header], rows):
                sheet.write(_row(row))
                if out.size > _AT_ONCE:
                    yield out.taken()
            sheet.write(b"</sheetData></worksheet>")
    yield out.taken()


def _entry(name: str) -> ZipInfo:
    """Return an archive's entry of no particular moment: the same rows give the same bytes."""
    entry = ZipInfo(name)
    entry.compress_type = ZIP_DEFLATED
    return entry


def _row(cells: Iterable[object]) -> bytes:
    return f"<row>{''.join(map(_cell, cells))}</row>".encode()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    if not text:
        return "<c/>"
    text = _LIKE_AN_ESCAPE.sub("_x005F_", escape(_NOT_XML.sub("", text)))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
