"""Any bytes are a table of claims or told to be none; the right claims in any usual dialect, never wrong ones."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpor_web.claims import tables
from cpor_web.claims.importing import COLUMNS
from cpor_web.rules.exc import Invalid
from cpor_web.rules.fields import LABELS
from cpor_web.tables import NotImported

NAME, DOMAIN = LABELS["name"], LABELS["customer_domain"]

CELLS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=12).map(str.strip)
DIALECTS = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from([",", ";", "\t", "|", ":", " "]),
        "quotechar": st.sampled_from(['"', "'", "`"]),
        "doublequote": st.booleans(),
        "escapechar": st.sampled_from(["\\"]),
        "lineterminator": st.sampled_from(["\n", "\r\n", "\r"]),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONE, csv.QUOTE_NONNUMERIC]),
    }
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "utf-32"])


def written(rows: list[list[str]], **dialect: Any) -> str:
    table = io.StringIO(newline="")
    csv.writer(table, **dialect).writerows(rows)
    return table.getvalue()


def told(content: bytes) -> list[tuple[int, str, str]]:
    with pytest.raises(NotImported) as refused:
        tables.read(content, COLUMNS)
    return [(each.row, each.column, str(each.what)) for each in refused.value.problems]


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=4), dialect=DIALECTS, encoding=ENCODINGS)
def test_a_table_in_any_dialect_gives_its_cells_or_an_error(
    rows: list[tuple[str, str]], dialect: dict[str, Any], encoding: str
) -> None:
    try:
        content = written([[NAME, DOMAIN], *map(list, rows)], **dialect).encode(encoding)
    except (csv.Error, UnicodeEncodeError):
        return
    meant = [{"name": name, "customer_domain": domain} for name, domain in rows if name or domain]
    try:
        _, found = tables.read(content, COLUMNS)
    except NotImported as refused:
        told = [(each.row, str(each.what)) for each in refused.problems]
    except Invalid as refused:
        told = [(1, str(refused))]
    else:
        told = []
        plain = [{field: cell.removeprefix("'") for field, cell in cells.items()} for cells in meant]
        assert [cells for _, cells in found] in (meant, plain) or _differs_by_a_quote(found, meant)
    assert all(row >= 1 and sentence for row, sentence in told)


def _differs_by_a_quote(found: list[tables.Row], meant: list[dict[str, str]]) -> bool:
    """Tell whether cells differ in nothing but the mark that an export puts before formulas."""
    pairs = [(cells[field], row[field]) for (_, cells), row in zip(found, meant, strict=True) for field in row]
    return all(read in (cell, cell.removeprefix("'")) for read, cell in pairs)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda tail: f"{NAME},{DOMAIN}\n".encode() + tail))
def test_any_bytes_are_read_or_refused_in_a_sentence(content: bytes) -> None:
    try:
        fields, rows = tables.read(content, COLUMNS)
    except NotImported as refused:
        is_told = bool(refused.problems)
    except Invalid as refused:
        is_told = bool(str(refused))
    else:
        is_told = bool(fields)
        assert all(set(cells) <= set(fields) for _, cells in rows)
    assert is_told


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_spreadsheets_write_is_read(delimiter: str, encoding: str) -> None:
    rows = [[NAME, DOMAIN], ['Teams, Intune; and "more" | Årsta', "contoso.example.com"], ["", ""], ["Two", ""]]
    _, found = tables.read(written(rows, delimiter=delimiter).encode(encoding), COLUMNS)
    assert found == [
        (2, {"name": 'Teams, Intune; and "more" | Årsta', "customer_domain": "contoso.example.com"}),
        (4, {"name": "Two", "customer_domain": ""}),
    ]


def test_what_an_export_guards_against_spreadsheets_comes_back_as_it_was() -> None:
    _, [(_, cells)] = tables.read(f"{NAME}\n'=1+1\n".encode(), COLUMNS)
    assert cells == {"name": "=1+1"}


WRONG = [
    (f"{NAME},Colour\nOne,red\n", 1, "Colour", "no such column"),
    (f"{NAME},{NAME}\nOne,Two\n", 1, NAME, "twice"),
    (f"{DOMAIN}\ncontoso.example.com\n", 1, "", "name is missing"),
    (f"{NAME}\nOne\nTwo,three\n", 3, "", "more cells"),
    (f'{NAME}\nOne\n"Two" three\n', 3, "", "quotation marks"),
    (f"{NAME}\n'One'\n", 2, NAME, "double ones"),
    (f"{NAME}\nOne\\\n", 2, NAME, "backslashes"),
    (f"{NAME}\n" + "One\n" * (tables.MOST_ROWS + 1), tables.MOST_ROWS + 2, "", "At most 500 rows"),
    (f"{NAME}," * (tables.LARGEST // 20), 1, "", "At most 200 columns"),
]
NO_TABLES = [
    (b"", "names no column"),
    (b"Colour,Taste\nred,sweet\n", "names no column"),
    (f"{NAME}\n".encode(), "no claims"),
    (NAME.encode() + b"," * (tables.LARGEST - 20) + b"\n", "no claims"),
    (NAME.encode() + b"\n" + b"x" * tables.LARGEST, "larger than"),
    (NAME.encode() + b"\n\0", "UTF-8"),
    (f"{NAME}\nÅrsta\n".encode("cp1252"), "UTF-8"),
]


@pytest.mark.parametrize(("table", "row", "column", "words"), WRONG)
def test_what_cannot_be_read_is_told_at_its_row_and_column(table: str, row: int, column: str, words: str) -> None:
    [(found_row, found_column, sentence)] = told(table.encode())
    assert (found_row, found_column) == (row, column)
    assert words in sentence


@pytest.mark.parametrize(("content", "words"), NO_TABLES)
def test_what_is_no_table_of_claims_is_refused_as_one_instead_of_guessed(content: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        tables.read(content, COLUMNS)
    assert refused.value.field_name == "table"
