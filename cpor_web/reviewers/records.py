"""The operator's copy of a claim's consent record."""

from flask.typing import ResponseReturnValue

from cpor_web.accounts.access import allowed
from cpor_web.consent.record import Copy
from cpor_web.reviewers.blueprint import bp
from cpor_web.rules.roles import REVIEWERS
from cpor_web.web import one_claim


@bp.get("/<reference>/consent-record")
@allowed(REVIEWERS)
def consent_record(reference: str) -> ResponseReturnValue:
    """Give the signed record, with the contacts' addresses, of a claim whose customer was asked."""
    return one_claim.consent_record(one_claim.claim_or_404(reference), Copy.OPERATOR)
