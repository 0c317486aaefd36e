"""A workbook is a right one, whatever is in it; nothing in it is calculated; it is written as its rows come."""

import io
import tracemalloc
from collections.abc import Iterator
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest

from cpor_web import spreadsheets

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def cells_of(content: bytes) -> list[list[str]]:
    with ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        sheet = ET.fromstring(archive.read("xl/worksheets/sheet1.xml"))
        assert [each.tag for each in sheet.iter() if each.tag in {f"{MAIN}f", f"{MAIN}v"}] == []
    return [["".join(cell.itertext()) for cell in row] for row in sheet.iter(f"{MAIN}row")]


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
    ],
)
def test_a_cell_is_text_as_it_was(value: object, read: str) -> None:
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
