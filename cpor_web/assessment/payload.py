"""What the operator's own assessor learns of an association, by webhook and by CSV alike: no customer contact."""

from datetime import datetime
from typing import Any

from cpor_web.catalogue import Catalogue
from cpor_web.models import Assessment


def about(record: Assessment, catalogue: Catalogue) -> dict[str, Any]:
    """Return the facts of an assessment, ready for JSON; keys of the catalogue as they are in its file."""
    claim = record.claim
    activity = catalogue.activity(claim.area, claim.activity)
    return {
        "assessment": record.id,
        "claim": claim.reference,
        "partner": claim.partner.name,
        "mpn_id": claim.mpn_id.number if claim.mpn_id else "",
        "mpn_kind": claim.mpn_id.kind.value if claim.mpn_id else "",
        "tenant_id": str(claim.tenant_id or ""),
        "subscription_id": str(claim.subscription_id or ""),
        "area": claim.area,
        "activity": claim.activity,
        "programme": activity.programme if activity else "",
        "products": claim.product_keys,
        "approved_at": _iso(record.round.opened_at),  # an approval opens the round
        "passed_at": _iso(record.queued_at),
    }


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
