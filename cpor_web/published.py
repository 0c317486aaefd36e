"""The public halves of the keys that sign records and checkpoints, for whoever verifies them."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from cpor_web.web.current import signing_keys

bp = Blueprint("published", __name__)


@bp.get("/keys")
def keys() -> ResponseReturnValue:
    """Return the signing keys' public halves by their ids, as `signing.read_published` takes them."""
    return jsonify({"algorithm": "Ed25519", "keys": signing_keys().published()})
