"""The partner's copy of a claim's consent record."""

from flask import abort
from flask.typing import ResponseReturnValue

from cpor_web.accounts.access import allowed
from cpor_web.consent import sealing
from cpor_web.consent.record import Copy, record_of
from cpor_web.extensions import db
from cpor_web.partners.blueprint import bp, claim_or_404
from cpor_web.rules.roles import PARTNER_ROLES
from cpor_web.web import downloads
from cpor_web.web.current import now, programme, signing_keys


@bp.get("/claims/<reference>/consent-record")
@allowed(PARTNER_ROLES)
def consent_record(reference: str) -> ResponseReturnValue:
    """Give the signed record, without the contacts' addresses, of a claim whose customer was asked."""
    claim = claim_or_404(reference)
    record = record_of(db.session(), claim, Copy.PARTNER, now=now(), programme=programme())
    if not record["rounds"]:
        abort(404)
    return downloads.structured(f"{claim.reference}-consent-record.json", sealing.seal(record, signing_keys()))
