"""What a request may carry, and how much: forms with documents as much as a document may have, all else less."""

from flask import Flask, abort, request

TAKES_JSON = "assessors"
"""The blueprint that does. Flask-WTF would take JSON for a form, and fail at one that is no object."""

LARGEST_FORM = 2**20
MOST_PARTS = 1000


def init_app(app: Flask) -> None:
    """Refuse what is no form of ours, or too large, before anybody reads it: the check of tokens does."""
    app.config.update(MAX_FORM_MEMORY_SIZE=LARGEST_FORM, MAX_FORM_PARTS=MOST_PARTS)
    app.before_request(_bound)


def _bound() -> None:
    # Werkzeug bounds the fields of multipart forms alone, in size and number: of any other body, we read no more.
    if request.mimetype != "multipart/form-data":
        request.max_content_length = LARGEST_FORM
    if request.is_json and request.blueprint != TAKES_JSON:
        abort(415)
