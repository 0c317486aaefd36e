"""Which of several drafts can be submitted, and what keeps the others: looked up for all of them at once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from cpor_web import facts
from cpor_web.claims import preflight, warning, writing
from cpor_web.claims.drafts import Draft
from cpor_web.models import Claim, Partner
from cpor_web.programme import Programme
from cpor_web.rules.draft_checks import Finding
from cpor_web.rules.exc import Invalid
from cpor_web.rules.reasons import Request


class Readiness(NamedTuple):
    """A draft: names of the fields that are empty, what is wrong with others by their names, whether it has proof.

    Neither what it is `warned` of nor what the check of its proof leaves open keeps it from being submitted. `gaps`
    has the products by what reviewers look for; it is empty as long as there is no proof to check.
    """

    claim: Claim
    missing: Sequence[str]
    wrong: Mapping[str, Invalid]
    has_proof: bool
    warned: Sequence[Finding]
    gaps: Mapping[Request, Sequence[str]]

    @property
    def is_ready(self) -> bool:
        """Whether nothing keeps it from being submitted."""
        return not self.number

    @property
    def number(self) -> int:
        """How many things keep it from being submitted."""
        return len(self.missing) + len(self.wrong) + (not self.has_proof)

    @property
    def is_unchecked(self) -> bool:
        """Whether the check of its proof has not been begun."""
        return sum(map(len, self.gaps.values())) == len(preflight.keys_of(self.claim)) > 0


def of(
    session: Session, claims: Sequence[Claim], *, partner: Partner, now: datetime, programme: Programme
) -> list[Readiness]:
    """Return how these drafts of a partner stand, by how little is left to do: the ready ones first."""
    ids = [claim.id for claim in claims]
    parts = (selectinload(Claim.products), selectinload(Claim.mpn_id), selectinload(Claim.all_contacts))
    session.scalars(select(Claim).where(Claim.id.in_(ids)).options(*parts)).all()
    proven = set(facts.proven(session, ids))
    cells = preflight.cells_of_all(session, claims)
    drafts = {claim.id: Draft.from_claim(claim) for claim in claims}
    others = warning.others_of(session, partner, drafts.values())
    found = []
    for claim in claims:
        near = warning.near(drafts[claim.id], others, but=claim)
        readiness = Readiness(
            claim,
            facts.missing_fields(claim, programme),
            writing.problems_of(claim, programme),
            claim.id in proven,
            warning.of_draft(drafts[claim.id], near, partner=partner, now=now, programme=programme),
            _by_reason(preflight.gaps(claim, cells[claim.id])) if claim.id in proven else {},
        )
        found.append(readiness)
    return sorted(found, key=lambda each: (each.number, bool(each.warned), sum(map(len, each.gaps.values()))))


def _by_reason(gaps: Sequence[preflight.Key]) -> Mapping[Request, Sequence[str]]:
    products = defaultdict(list)
    for reason, product in gaps:
        products[reason].append(product)
    return products
