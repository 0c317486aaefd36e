"""What a request may carry, and how much: forms with documents as much as a document may have, all else less."""

from functools import cached_property
from typing import IO, Any

from flask import Flask, Request, abort
from werkzeug.formparser import FormDataParser

from cpor_web.web import present
from cpor_web.web.current import documents

TAKES_JSON = "assessors"
"""The blueprint that does. Flask-WTF would take JSON for a form, and fail at one that is no object."""

TAKE_FILES = frozenset({"document", "record", "table"})
"""The fields that do, of all forms. In any other, a file is not the text that whoever reads the field expects."""

LARGEST_FORM = 2**20
MOST_PARTS = 1000
MOST_FILES = 20
"""Of a large form; none of ours has more than one. Each is a file that a process holds open until it has answered."""

LARGE = 2**19
"""Bytes of a form whose files are not kept in memory while it is read."""


class _Parser(FormDataParser):
    """Reads forms, and leaves out the files in fields that take none."""

    def parse(self, *body: Any, **more: Any) -> Any:
        rest, form, files = super().parse(*body, **more)
        for name, file in files.items(multi=True):
            if name not in TAKE_FILES:
                file.close()
        return rest, form, self.cls(each for each in files.items(multi=True) if each[0] in TAKE_FILES)


class FormRequest(Request):
    """A request whose fields are text, but for those that take files."""

    form_data_parser_class: Any = _Parser

    @cached_property
    def _incoming(self) -> list[IO[bytes]]:
        return []

    def _get_file_stream(self, total_content_length: int | None, *about: Any, **more: Any) -> IO[bytes]:
        """Have the files of a large form written where documents are kept: to store one copies nothing."""
        if total_content_length is not None and total_content_length <= LARGE:
            return super()._get_file_stream(total_content_length, *about, **more)
        if len(self._incoming) == MOST_FILES:
            abort(413)
        self._incoming.append(documents().incoming())
        return self._incoming[-1]

    def close(self) -> None:
        """Close all files, also those of a form that came to no end."""
        super().close()
        for each in self._incoming:
            each.close()


def init_app(app: Flask) -> None:
    """Refuse what is no form of ours, or too large, before anybody reads it: the check of tokens does."""
    app.request_class = FormRequest
    app.config.update(MAX_FORM_MEMORY_SIZE=LARGEST_FORM, MAX_FORM_PARTS=MOST_PARTS)
    app.before_request(_bound)


def _bound() -> None:
    # Werkzeug bounds the fields of multipart forms alone, in size and number: of any other body, we read no more.
    asked = present.asked()
    if asked.mimetype != "multipart/form-data":
        asked.max_content_length = LARGEST_FORM
    if asked.is_json and asked.blueprint != TAKES_JSON:
        abort(415)
