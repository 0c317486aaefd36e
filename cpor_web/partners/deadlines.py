"""A claim's running deadlines, to be saved to one's calendar."""

from flask import Response

from cpor_web.accounts.access import allowed
from cpor_web.partners.blueprint import bp
from cpor_web.rules.roles import PARTNER_ROLES
from cpor_web.web import calendar_files
from cpor_web.web.one_claim import claim_or_404


@bp.get("/claims/<reference>/deadlines.ics")
@allowed(PARTNER_ROLES)
def deadlines(reference: str) -> Response:
    """Give the deadlines that run; where none does there is no such file."""
    return calendar_files.of_claim(claim_or_404(reference))
