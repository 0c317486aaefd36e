"""A workbook is a right one, whatever is in it; nothing in it is calculated; it is written as its rows come."""

import io
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest

from cpor_web import spreadsheets

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def cells_of(content: bytes) -> list[list[str]]:
    """Return what a sheet says, dates in ISO 8601."""
    with ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        sheet = ET.fromstring(archive.read("xl/worksheets/sheet1.xml"))
        formats = {f.get("numFmtId"): f.get("formatCode") for f in _styles(archive).iter(f"{MAIN}numFmt")}
        styles = [formats.get(xf.get("numFmtId")) for xf in _styles(archive).find(f"{MAIN}cellXfs")]
    assert list(sheet.iter(f"{MAIN}f")) == []
    return [[_text(cell, styles[int(cell.get("s", 0))]) for cell in row] for row in sheet.iter(f"{MAIN}row")]


def _styles(archive: ZipFile) -> Any:
    return ET.fromstring(archive.read("xl/styles.xml"))


def _text(cell: ET.Element, shown_as: str | None) -> str:
    number = cell.findtext(f"{MAIN}v")
    if number is None:
        return "".join(cell.itertext())
    at = datetime(1899, 12, 30, tzinfo=UTC) + timedelta(days=float(number), microseconds=500)
    assert shown_as is not None
    return at.replace(tzinfo=None).isoformat(timespec="seconds") if "ss" in shown_as else at.date().isoformat()


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("=1+1", "=1+1"),
        ("@SUM(A1)", "@SUM(A1)"),
        ("<b>&amp;\"'", "<b>&amp;\"'"),
        (" blanks ", " blanks "),
        ("Årsta 🎿", "Årsta 🎿"),
        ("nul\x00 bell\x07 half\ud800 not\uffff", "nul bell half not"),
        ("_x000D_", "_x005F_x000D_"),
        (None, ""),
        (7, "7"),
        (date(2026, 4, 30), "2026-04-30"),
        (date(1, 1, 1), "0001-01-01"),
        (datetime(2026, 11, 30, 23, 59, 59, tzinfo=ZoneInfo("Europe/Stockholm")), "2026-11-30T23:59:59"),
    ],
)
def test_a_cell_is_text_as_it_was_and_a_date_is_a_date(value: object, read: str) -> None:
    content = b"".join(spreadsheets.workbook(["Name"], [[value, "beside"]]))
    assert cells_of(content) == [["Name"], [read, "beside"]]


def test_the_same_rows_give_the_same_bytes() -> None:
    one, other = (b"".join(spreadsheets.workbook(["a"], [["b"]])) for _ in range(2))
    assert one == other


def test_it_begins_before_there_is_a_row_and_holds_no_more_than_a_part_of_them() -> None:
    read = 0

    def rows() -> Iterator[list[str]]:
        nonlocal read
        for read in range(1, 20_001):
            yield [f"{read * 7919 % 104_729} {word}" for word in ("name", "customer", "domain", "contact")]

    parts = spreadsheets.workbook(["a", "b", "c", "d"], rows())
    first = next(parts)
    assert (first[:2], read) == (b"PK", 0)
    tracemalloc.start()
    size = sum(map(len, parts))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read == 20_000
    assert size > 300_000
    assert most < 1_000_000  # of more than five that were written, before they were compressed
