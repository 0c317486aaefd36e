"""Answers that are files: documents as they were uploaded, and tables for a spreadsheet."""

import csv
import io
import json
import re
import struct
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain
from urllib.parse import quote

from flask import Response, stream_with_context

from cpor_web import spreadsheets
from cpor_web.models import Document

SHOWN = frozenset({"application/pdf", "image/png", "image/jpeg"})
SANDBOX = "default-src 'none'; base-uri 'none'; sandbox"
_NOT_PLAIN = re.compile(r"[^ !#-$&-\[\]-~]")
_UNSEEN = r"[^\S\t\r\n]|[\u200b-\u200f\u2060\ufeff]"
_BEGINS = rf"""(^|[;\t\r\n])(?=(?:{_UNSEEN}|")*[=+\-@＝＋－＠])"""
_FORMULA = re.compile(rf"{_BEGINS}|^(?=(?:{_UNSEEN})*[\t\r])")


def document(document: Document, content: Iterable[bytes]) -> Response:
    """Answer with a document: to be saved, whatever is in it."""
    return as_attachment(_answer(document, content), document.filename)


def can_be_shown(document: Document) -> bool:
    """Tell whether a browser may show the document itself: of a kind whose content is checked and only shows."""
    return document.media_type in SHOWN


def shown(document: Document, content: Iterable[bytes]) -> Response:
    """Answer with a document for a frame or an image of our own page: in a sandbox, where nothing in it runs.

    Whatever else it is taken for (`nosniff`), it has no origin, fetches nothing, and no other site can frame it.
    """
    assert can_be_shown(document)
    response = _answer(document, content)
    _name(response, "inline", document.filename)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Content-Security-Policy"] = f"{SANDBOX}; frame-ancestors 'self'"
    return response


def table(filename: str, header: Iterable[str], rows: Iterable[Iterable[object]]) -> Response:
    """Answer with CSV in UTF-8 that spreadsheets read as text: no cell is taken for a formula (CWE-1236)."""
    return as_attachment(Response("".join(_lines(header, rows)), mimetype="text/csv"), filename)


def streamed(
    filename: str, header: Iterable[str], rows: Iterable[Iterable[object]], *, coming: int | None = None
) -> Response:
    """Answer with the same as `table`, or with a workbook for a name in .xlsx, sent as `rows` are read.

    For a script that shows how far it is, give the number of rows that are `coming`: X-Rows says it, and before each
    part of the file are two big-endian numbers of four bytes, the rows so far and the bytes of the part.
    """
    read = _Counted(rows)
    if filename.endswith(".xlsx"):
        parts, media_type = spreadsheets.workbook(header, read), spreadsheets.MEDIA_TYPE
    else:
        parts, media_type = (line.encode() for line in _lines(header, read)), "text/csv"
    if coming is None:
        return as_attachment(Response(stream_with_context(parts), mimetype=media_type), filename)
    headed = (struct.pack(">II", read.number, len(part)) + part for part in parts)
    answer = Response(stream_with_context(headed), mimetype="application/octet-stream")
    answer.headers["X-Rows"] = str(coming)
    return as_attachment(answer, filename)


class _Counted:
    """Rows, and how many of them have been read."""

    def __init__(self, rows: Iterable[Iterable[object]]) -> None:
        self._rows, self.number = rows, 0

    def __iter__(self) -> Iterator[Iterable[object]]:
        for row in self._rows:
            self.number += 1
            yield row


def structured(filename: str, data: object) -> Response:
    """Answer with JSON in UTF-8, for other programs to read."""
    text = json.dumps(data, ensure_ascii=False, indent=2)
    return as_attachment(Response(f"{text}\n", mimetype="application/json"), filename)


def as_attachment(response: Response, filename: str) -> Response:
    """Have it saved under this name, and keep browsers off it."""
    _name(response, "attachment", filename)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = f"{SANDBOX}; frame-ancestors 'none'"
    return response


def _name(response: Response, shown_or_saved: str, filename: str) -> None:
    """Name the file as RFC 6266 asks, once in ASCII for old clients and once in full."""
    plain = _NOT_PLAIN.sub("_", unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode("ascii"))
    plain = f"document{plain}" if plain.startswith(".") else plain
    names = {"filename": plain}
    if plain != filename:
        names["filename*"] = f"UTF-8''{quote(filename, safe='')}"
    response.headers.set("Content-Disposition", shown_or_saved, **names)


def _answer(document: Document, content: Iterable[bytes]) -> Response:
    response = Response(content, content_type=document.media_type)  # a charset is not known of what was uploaded
    response.content_length = document.size
    return response


def _lines(header: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    yield "\ufeff"  # without it, spreadsheets take UTF-8 for something older
    for row in chain([header], rows):
        line = io.StringIO()
        csv.writer(line).writerow([_inert(value) for value in row])
        yield line.getvalue()


def _inert(value: object) -> str:
    """Return the cell with a quote before whatever a spreadsheet would calculate; dates as ISO 8601 has them.

    That is not its beginning alone: where lists are separated by semicolons, or a line is cut, a cell begins there.
    """
    if isinstance(value, date):
        return value.isoformat()
    return _FORMULA.sub(r"\1'", "" if value is None else str(value))
