"""The blueprint of the reviewers' pages, and how a claim in an address is found."""

from flask import Blueprint, abort, request

from cpor_web.claims import queries
from cpor_web.extensions import db
from cpor_web.models import Claim
from cpor_web.web.current import actor
from cpor_web.web.numbers import number_in

bp = Blueprint("reviewers", __name__, url_prefix="/review")


def claim_or_404(reference: str) -> Claim:
    """Return the claim; a partner's draft does not exist for reviewers."""
    return queries.claim_of(db.session(), actor(), reference) or abort(404)


def seen() -> int:
    """Return the version of the claim that the page of this decision showed; a decision without one is refused."""
    version = number_in(request.form.get("seen"))
    return abort(400) if version is None else version
