"""Where the operator's own assessor sends its results. The signature is the authority: no session, no CSRF token."""

import json

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from cpor_web.assessment import results, signatures
from cpor_web.assessment.results import Result, UnknownAssessment
from cpor_web.extensions import csrf, db
from cpor_web.rules.exc import Invalid, NotAllowed
from cpor_web.rules.roles import Actor, Role
from cpor_web.rules.words import N_
from cpor_web.transactions import transaction
from cpor_web.web.current import now, programme, settings

BODY_LIMIT = 64 * 1024
ASSESSOR = Actor(Role.SYSTEM, N_("The operator's assessor"))

bp = Blueprint("assessors", __name__)
csrf.exempt(bp)


@bp.post("/assessments/results")
def take_result() -> ResponseReturnValue:
    """Record a signed result; the same one again is as good as once.

    401 whatever is wrong with the signature, 404 for an assessment that is not there, 409 where another result is
    recorded, 400 or 413 for what cannot be read.
    """
    if settings().assessor != "webhook":
        abort(404)
    request.max_content_length = BODY_LIMIT
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return _answer(413, f"at most {BODY_LIMIT} bytes")
    given = {name: request.headers.get(name, "") for name in signatures.HEADERS}
    if not signatures.is_signed(settings().assessment_secrets, given, body, now=now()):
        return _answer(401, "not signed by a key of ours within five minutes")
    try:
        return _record(_read(body))
    except Invalid as invalid:
        return _answer(400, str(invalid), field=invalid.field_name)
    except UnknownAssessment:
        return _answer(404, "no such assessment")
    except NotAllowed as refused:
        return _answer(409, str(refused))


def _read(body: bytes) -> Result:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise Invalid("This is not a JSON object.", field_name="")
    return results.read(said)


def _record(result: Result) -> ResponseReturnValue:
    with transaction(db.session):
        is_new = results.record(db.session(), result, actor=ASSESSOR, now=now(), programme=programme())
    return jsonify(assessment=result.assessment_id, state=result.state.value, recorded=is_new)


def _answer(status: int, error: str, **more: str) -> ResponseReturnValue:
    return jsonify(error=error, **more), status
