"""The built-in assessor: what the catalogue says about a claim's activity, and what kind of MPN ID it has."""

from cpor_web.catalogue import Catalogue
from cpor_web.models import Claim, MpnKind
from cpor_web.rules.eligibility import NEVER_EARNS, NO_SUCH_ACTIVITY, NOT_A_LOCATION


def judge(claim: Claim, catalogue: Catalogue) -> list[str]:
    """Return why the claim is not eligible, as msgids; an empty list where it is."""
    activity = catalogue.activity(claim.area, claim.activity)
    reasons = []
    if activity is None:
        reasons.append(NO_SUCH_ACTIVITY)
    elif not activity.earns:
        reasons.append(NEVER_EARNS)
    if claim.mpn_id is None or claim.mpn_id.kind is not MpnKind.LOCATION:
        reasons.append(NOT_A_LOCATION)
    return reasons
