"""What the guards find in a draft beside the partner's other claims, and what of it the partner went past."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from cpor_web import history
from cpor_web.claims.drafts import Draft, guid
from cpor_web.claims.problems import problems, seen
from cpor_web.models import Claim, Event, Partner
from cpor_web.programme import Programme
from cpor_web.rules import guards
from cpor_web.rules.exc import Unread
from cpor_web.rules.guards import Consequence, Finding
from cpor_web.rules.roles import Actor
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_

WARNED = "claim:warned"
"""The kind of the event that keeps what a partner was warned of and went past."""

MOST = 200
"""How many other claims are looked at; of any more, nobody reads the references."""

MOST_EACH = 20
"""How many of each tenant at the least, where there are many tenants."""

ROWS_TOLD = 10
"""How many of the other rows of a table are told by their numbers."""

SAME_IN_TABLE = N_("Other rows of this table claim the same: %(rows)s.")
OTHER_DOMAIN_IN_TABLE = N_("Other rows of this table name this tenant with another domain: %(rows)s.")

READ_FIRST = N_(
    "There is something to look at first. Nothing was submitted. Read it below, then press the button again."
)

Others = Mapping[UUID, Sequence[Claim]]


def others_of(session: Session, partner: Partner, tenants: Collection[UUID]) -> Others:
    """Return the partner's claims that are open or approved, by those of these tenants that have any."""
    if not tenants:
        return {}
    place = func.row_number().over(partition_by=Claim.tenant_id, order_by=Claim.id.desc()).label("place")
    theirs = select(Claim.id, place).where(Claim.tenant_id.in_(tenants), Claim.partner_id == partner.id)
    theirs = theirs.where(Claim.deleted_at.is_(None), Claim.status != Status.REJECTED)
    newest = theirs.subquery()
    few = select(newest.c.id).where(newest.c.place <= max(MOST_EACH, MOST // len(tenants)))
    claims = select(Claim).where(Claim.id.in_(few)).order_by(Claim.id.desc())
    found = defaultdict(list)
    for claim in session.scalars(claims.options(selectinload(Claim.products))):
        assert claim.tenant_id is not None
        found[claim.tenant_id].append(claim)
    return found


def warnings(
    draft: Draft, others: Iterable[Claim], *, partner: Partner, now: datetime, programme: Programme
) -> list[Finding]:
    """Return what a partner is warned of; nothing at a field that is wrong. `others` are those of the same tenant."""
    wrong = problems(draft, partner=partner, programme=programme)
    draft, others = draft.normalised(), list(others)
    found = guards.findings(
        replace(
            seen(draft, partner=partner, programme=programme),
            today=programme.calendar.local_day(now),
            domains=tuple(dict.fromkeys(each.customer_domain for each in others if each.customer_domain)),
            references=tuple(each.reference for each in others if _is_the_same(draft, each)),
        )
    )
    return [each for each in found if each.consequence is Consequence.WARNED and each.field not in wrong]


def warnings_of(session: Session, claim: Claim, *, now: datetime, programme: Programme) -> list[Finding]:
    """Return what the partner is warned of in a stored claim."""
    draft = Draft.from_claim(claim)
    return warnings_in(session, draft, but=claim, partner=claim.partner, now=now, programme=programme)


def warnings_in(
    session: Session, draft: Draft, *, but: Claim | None, partner: Partner, now: datetime, programme: Programme
) -> list[Finding]:
    """Return what the partner is warned of in what a form says. `but` is the claim that the form is of."""
    tenant = tenant_in(draft)
    others = others_of(session, partner, {tenant}).get(tenant, ()) if tenant else ()
    same_tenant = (each for each in others if each is not but)
    return warnings(draft, same_tenant, partner=partner, now=now, programme=programme)


def among(rows: Mapping[int, Draft]) -> Mapping[int, Sequence[Finding]]:
    """Return what the rows of a table, by their numbers, are warned of because of one another: each of them is."""
    drafts = {number: draft.normalised() for number, draft in rows.items()}
    claiming, naming = defaultdict(set), defaultdict(set)
    for number, draft in drafts.items():
        naming[tenant_in(draft)].add(number)
        for thing in _things(draft):
            claiming[thing].add(number)
    found = {}
    for number, draft in drafts.items():
        same = {other for thing in _things(draft) for other in claiming[thing]} - {number}
        domains = {n: drafts[n].customer_domain for n in naming[tenant_in(draft)]} if tenant_in(draft) else {}
        told = (("products", SAME_IN_TABLE, same), ("tenant_id", OTHER_DOMAIN_IN_TABLE, _unlike(number, domains)))
        found[number] = [_in_table(field, sentence, others) for field, sentence, others in told if others]
    return found


def tenant_in(draft: Draft) -> UUID | None:
    """Return the tenant that a draft names, None where what is typed is no GUID."""
    try:
        return guid(draft.tenant_id)
    except ValueError:
        return None


def read(found: Sequence[Finding], past: Collection[str] | None) -> None:
    """Raise Unread where something was found that is not among the marks in `past`, which somebody has read.

    With None there is nobody who could read.
    """
    if past is not None and any(each.mark not in past for each in found):
        raise Unread(READ_FIRST)


def keep(session: Session, claim: Claim, found: Sequence[Finding], *, actor: Actor, now: datetime) -> None:
    """Put what the partner went past into the claim's history, so that reviewers see it."""
    if found:
        told = [{"guard": each.guard, "field": each.field, **_stored(each)} for each in found]
        history.append(session, claim, WARNED, actor=actor, now=now, data={"warnings": told})


def kept(session: Session, claim: Claim) -> Event | None:
    """Return the newest event that tells what the partner went past, None where there was nothing."""
    events = select(Event).where(Event.claim_id == claim.id, Event.kind == WARNED)
    return session.scalars(events.order_by(Event.position.desc()).limit(1)).first()


def _stored(found: Finding) -> dict[str, object]:
    values = {name: value if isinstance(value, str) else ", ".join(value) for name, value in found.values.items()}
    return {"sentence": found.sentence, "values": values}


def _is_the_same(draft: Draft, other: Claim) -> bool:
    same_subscription = draft.subscription_id and draft.subscription_id.lower() == str(other.subscription_id)
    return bool(same_subscription) or not set(draft.products).isdisjoint(other.product_keys)


def _things(draft: Draft) -> set[tuple[object, str]]:
    """Return what a draft claims, to compare it: each product for its tenant, and the subscription."""
    tenant = tenant_in(draft)
    things: set[tuple[object, str]] = {(tenant, product) for product in draft.products if tenant}
    return things | ({("", draft.subscription_id.lower())} if draft.subscription_id else set())


def _unlike(number: int, domains: Mapping[int, str]) -> set[int]:
    own = domains.get(number)
    return {other for other, domain in domains.items() if own and domain not in {"", own}}


def _in_table(field: str, sentence: str, others: Collection[int]) -> Finding:
    numbers = [str(each) for each in sorted(others)]
    rows = (*numbers[:ROWS_TOLD], "…") if len(numbers) > ROWS_TOLD else tuple(numbers)
    return Finding("in-this-table", field, sentence, {"rows": rows}, Consequence.WARNED)
