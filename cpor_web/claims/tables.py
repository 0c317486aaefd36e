"""Reads a table of claims as it comes: any bytes give rows of cells by field, or say what is wrong and where.

Programs write CSV in many ways. What cannot be read without guessing is refused: a wrong claim is worse than none.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

from cpor_web.rules.exc import Invalid
from cpor_web.rules.words import N_, Value
from cpor_web.tables import NotImported, Problem

LARGEST = 256 * 1024
"""Bytes of a table. With what a form adds to them, they fit into one."""

MOST_ROWS = 500
MOST_COLUMNS = 200
"""Far more than a claim has fields: each that is none is told, and nobody reads thousands of them."""

DELIMITERS = ",;\t|"

NOT_TEXT = N_("This file is not text in UTF-8. In the spreadsheet, save it as “CSV UTF-8”, and choose that file.")
NO_COLUMNS = N_("The first row names no column of a claim. Begin with the template's first row.")
NOT_CSV = N_("This row cannot be read: its quotation marks do not match.")
OTHER_QUOTES = N_("Put a cell that needs marks into double ones, as in the template, and leave out backslashes.")

_OURS = re.compile(r"^'(?=[=+\-@＝＋－＠])")
"""What an export puts before a cell that a spreadsheet would calculate: see `downloads`."""

Row = tuple[int, dict[str, str]]
"""The number that a spreadsheet counts, and the cells by field."""


def read(content: bytes, columns: Mapping[str, str]) -> tuple[list[str], list[Row]]:
    """Return the fields of the header and the rows under it. `columns` tells a field by a column's name, casefolded.

    Raises Invalid for what is no table of claims, NotImported with everything that is wrong in one.
    """
    text = _text(content)
    delimiter = _delimiter(text, columns)
    records = _records(text, delimiter)
    number, names = next(records, (1, []))
    fields = _fields(number, names, columns)
    rows, problems = [], []
    for number, cells in records:
        if not any(cells):
            continue
        wrong = list(_wrong(number, cells, names))
        problems += wrong
        rows.append((number, {field: _OURS.sub("", cell) for field, cell in zip(fields, cells, strict=False)}))
        if len(rows) > MOST_ROWS:
            problems.append(_told(number, N_("At most %(most)s rows at once."), most=MOST_ROWS))
            break
    if not rows:
        raise _no_table(N_("There are no claims in this table."))
    if problems:
        raise NotImported(problems)
    return fields, rows


def _no_table(message: str, **values: Value) -> Invalid:
    return Invalid(message, values, field_name="table")


def _told(row: int, message: str, column: str = "", **values: Value) -> Problem:
    return Problem(row, column, Invalid(message, values))


def _text(content: bytes) -> str:
    if len(content) > LARGEST:
        raise _no_table(N_("The table is larger than %(most)s KiB."), most=LARGEST // 1024)
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise _no_table(NOT_TEXT) from None
    if "\x00" in text:
        raise _no_table(NOT_TEXT)
    return text


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows with their numbers; blanks around a cell say nothing."""
    number = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        for number, cells in enumerate(reader, start=1):
            yield number, [cell.strip() for cell in cells]
    except csv.Error:
        raise NotImported([_told(number + 1, NOT_CSV)]) from None


def _delimiter(text: str, columns: Mapping[str, str]) -> str:
    """Return what parts the cells of the header so that most of them are columns."""

    def known(delimiter: str) -> int:
        try:
            _, names = next(_records(text, delimiter), (1, []))
        except NotImported:
            return 0
        return sum(name.casefold() in columns for name in names)

    best = max(DELIMITERS, key=known)
    if not known(best):
        raise _no_table(NO_COLUMNS)
    return best


def _fields(row: int, names: Sequence[str], columns: Mapping[str, str]) -> list[str]:
    """Return the header's fields. What is empty at its end is no column: spreadsheets write such."""
    names = names[: max((at for at, name in enumerate(names, start=1) if name), default=0)]
    if len(names) > MOST_COLUMNS:
        raise NotImported([_told(row, N_("At most %(most)s columns."), most=MOST_COLUMNS)])
    fields = [columns.get(name.casefold(), "") for name in names]
    problems = [
        _told(row, N_("There is no such column in a claim. Take it out."), name)
        for name, field in zip(names, fields, strict=True)
        if not field
    ]
    problems += [
        _told(row, N_("This column is there twice."), name)
        for at, (name, field) in enumerate(zip(names, fields, strict=True))
        if field and field in fields[:at]
    ]
    if "name" not in fields:
        problems.append(_told(row, N_("The column with the claim's name is missing.")))
    if problems:
        raise NotImported(problems)
    return fields


def _wrong(number: int, cells: Sequence[str], names: Sequence[str]) -> Iterator[Problem]:
    """Yield what shows that the row was written in another way than it is read."""
    if any(cells[len(names) :]):
        yield _told(number, N_("This row has more cells than the first row has columns."))
    for name, cell in zip(names, cells, strict=False):
        is_quoted = len(cell) > 1 and cell[0] == cell[-1] and cell[0] in "'`\""
        if is_quoted or "\\" in cell:
            yield _told(number, OTHER_QUOTES, name)
