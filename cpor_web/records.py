"""The page on which anybody has a consent record verified. What they bring is read, answered and forgotten."""

from http import HTTPStatus

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from cpor_web.consent import sealing
from cpor_web.consent.sealing import NotGenuine
from cpor_web.consent.words import parts_of
from cpor_web.extensions import csrf, limiter
from cpor_web.web.current import signing_keys

TRIES = "10 per minute"
FORM_AROUND_IT = 2**16

bp = Blueprint("records", __name__)
csrf.exempt(bp)  # no session is read, and nothing changes


@bp.before_request
def _prepare() -> None:
    request.max_content_length = request.max_form_memory_size = sealing.LARGEST + FORM_AROUND_IT


@bp.get("/consent-record")
def page() -> ResponseReturnValue:
    """Ask for a file."""
    return render_template("consent_record.html")


@bp.post("/consent-record")
@limiter.limit(TRIES)
def verify() -> ResponseReturnValue:
    """Say whether the file is a consent record that one of our keys has signed, and what it says then."""
    brought = request.files.get("record")
    try:
        genuine = sealing.read(brought.read() if brought else b"", signing_keys().public)
    except NotGenuine as refusal:
        return render_template("consent_record.html", refusal=str(refusal)), HTTPStatus.UNPROCESSABLE_ENTITY
    return render_template("consent_record.html", genuine=genuine, parts=parts_of(genuine.record))
