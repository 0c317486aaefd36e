"""Earnings: what is approved and eligible, for the partner to check against what it is paid."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from flask import Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cpor_web.accounts.access import allowed
from cpor_web.claims import competing, queries
from cpor_web.claims.competing import Ending
from cpor_web.extensions import db
from cpor_web.models import Assessment, Claim
from cpor_web.partners.blueprint import bp
from cpor_web.rules.roles import PARTNER_ROLES
from cpor_web.web import downloads
from cpor_web.web.current import actor, programme
from cpor_web.web.languages import moment

Row = tuple[Claim, Assessment]


@dataclass
class Total:
    """How many associations with a tenant stand, and how many ended afterwards; and what its customer is called."""

    tenant_id: str
    customers: list[str] = field(default_factory=list)
    stand: int = 0
    ended: int = 0


@bp.get("/earnings")
@allowed(PARTNER_ROLES)
def earnings() -> ResponseReturnValue:
    """List approved and eligible associations by tenant and subscription ID, those that ended marked as such."""
    rows = queries.earnings(db.session(), actor())
    return render_template("partners/earnings.html", rows=rows, totals=totals(rows), endings=_endings(rows))


@bp.get("/earnings.csv")
@allowed(PARTNER_ROLES)
def export_earnings() -> Response:
    """Give the same as a table."""
    header = [
        _("Customer tenant ID"),
        _("Subscription ID"),
        _("Customer"),
        _("Activity"),
        _("MPN ID"),
        _("Claim"),
        _("Reference"),
        _("Eligible since"),
        _("Association ended"),
        _("May end"),
    ]
    return downloads.table("earnings.csv", header, _lines(queries.earnings(db.session(), actor())))


def _endings(rows: Iterable[Row]) -> dict[int, Ending]:
    """Return what would end those that another claim was approved over, by the claim's id."""
    return competing.endings(db.session(), [claim for claim, _assessment in rows])


def totals(rows: Iterable[Row]) -> list[Total]:
    """Count associations by tenant, in the order of the rows."""
    by_tenant: dict[str, Total] = {}
    for claim, assessment in rows:
        tenant = str(claim.tenant_id)
        total = by_tenant.setdefault(tenant, Total(tenant))
        if claim.customer_name and claim.customer_name not in total.customers:
            total.customers.append(claim.customer_name)
        if assessment.ended_at is None:
            total.stand += 1
        else:
            total.ended += 1
    return list(by_tenant.values())


def _in_words(ending: Ending) -> str:
    return _(ending.sentence, end=moment(ending.at) if ending.at else "")


def _lines(rows: Sequence[Row]) -> Iterator[list[object]]:
    endings = _endings(rows)
    for claim, assessment in rows:
        yield [
            claim.tenant_id,
            claim.subscription_id,
            claim.customer_name,
            programme().catalogue.activity_name(claim.activity),
            claim.mpn_id.number if claim.mpn_id else "",
            claim.name,
            claim.reference,
            *(at.isoformat(timespec="seconds") if at else "" for at in (assessment.assessed_at, assessment.ended_at)),
            _in_words(endings[claim.id]) if claim.id in endings else "",
        ]
