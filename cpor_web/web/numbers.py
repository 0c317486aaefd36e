"""Numbers that come in addresses and forms: none is so big that the database would choke on it."""

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

LARGEST_ID = 2**63 - 1  # a bigint of PostgreSQL
LONGEST_NUMBER = 10  # digits


class IdConverter(IntegerConverter):
    """The `int` of our addresses: what cannot be the number of a row is no address of ours, hence a 404."""

    regex = r"[0-9]{1,19}"  # longer ones never reach int(), which refuses thousands of digits with an error

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=LARGEST_ID)


def init_app(app: Flask) -> None:
    """Take `<int:…>` for the number of a row; before any blueprint is registered."""
    app.url_map.converters["int"] = IdConverter


def number_in(text: str | None) -> int | None:
    """Return the number that a form sent, None where it is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < LONGEST_NUMBER else None
