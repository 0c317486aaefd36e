"""Writes a workbook (ECMA-376, one sheet) as its rows come: it starts at once, and is never whole in memory.

A cell is an inline string, so nothing in it is ever calculated, whatever it begins with (CWE-1236); days and moments
are dates, by which a sheet can be sorted and counted.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from html import escape
from itertools import chain
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

MOST_ROWS = 2**20
"""What a sheet takes, its header too."""

_AT_ONCE = 2**16
_FIRST = datetime(1899, 12, 30, tzinfo=UTC)
"""Day 0 of what a sheet counts; days before 1 March 1900 are counted differently by every program."""

_EARLIEST = date(1900, 3, 1)
_DAY, _MOMENT = 1, 2
"""The numbers of their styles in `xl/styles.xml`; 0 is plain."""
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
        'spreadsheetml.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'spreadsheetml.styles+xml"/></Types>'
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
        'Target="worksheets/sheet1.xml"/><Relationship Id="rId2" '
        f'Type="{_OFFICE}/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'<styleSheet xmlns="{_OFFICE}/spreadsheetml/2006/main"><numFmts count="2">'
        '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
        '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
        '<fonts count="1"><font/></fonts><fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>'
        '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf xfId="0"/>'
        '<xf numFmtId="164" xfId="0" applyNumberFormat="1"/><xf numFmtId="165" xfId="0" applyNumberFormat="1"/>'
        "</cellXfs></styleSheet>"
    ),
}
_WIDE = '<cols><col min="1" max="16384" width="20" customWidth="1"/></cols>'
"""Room for a moment: a date that does not fit its column is shown as #####."""

_NOT_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
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
    """Yield the bytes of a workbook. `rows` are read one by one, at most MOST_ROWS with the header.

    A sheet knows no time zones: a moment is shown as the clock of its own zone has it.
    """
    out = _Out()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for name, text in _PARTS.items():
            archive.writestr(_entry(name), _DECLARED + text)
        with archive.open(_entry(_SHEET), "w") as sheet:
            sheet.write(
                f'{_DECLARED}<worksheet xmlns="{_OFFICE}/spreadsheetml/2006/main">{_WIDE}<sheetData>'.encode()
            )
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
    if isinstance(value, date) and _day_of(value) >= _EARLIEST:
        return _date(value)
    text = "" if value is None else value.isoformat() if isinstance(value, date) else str(value)
    if not text:
        return "<c/>"
    text = _LIKE_AN_ESCAPE.sub("_x005F_", escape(_NOT_XML.sub("", text), quote=False))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _date(value: date) -> str:
    """Return a day or a moment as what a sheet counts, days since its first, with the style that shows it."""
    if not isinstance(value, datetime):
        return f'<c s="{_DAY}"><v>{(value - _FIRST.date()).days}</v></c>'
    passed = value.replace(tzinfo=UTC, microsecond=0) - _FIRST
    return f'<c s="{_MOMENT}"><v>{passed.days + passed.seconds / 86_400:.10f}</v></c>'


def _day_of(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value
