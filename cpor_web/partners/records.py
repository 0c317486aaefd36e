"""The partner's copy of a claim's consent record."""

from flask.typing import ResponseReturnValue

from cpor_web.accounts.access import allowed
from cpor_web.consent.record import Copy
from cpor_web.partners.blueprint import bp
from cpor_web.rules.roles import PARTNER_ROLES
from cpor_web.web import one_claim


@bp.get("/claims/<reference>/consent-record")
@allowed(PARTNER_ROLES)
def consent_record(reference: str) -> ResponseReturnValue:
    """Give the signed record, without the contacts' addresses, of a claim whose customer was asked."""
    return one_claim.consent_record(one_claim.claim_or_404(reference), Copy.PARTNER)
