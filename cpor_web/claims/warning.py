"""What a partner is warned of, in a draft and beside its other claims, and what of it the partner went past."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from cpor_web import history
from cpor_web.claims.drafts import Draft, guid
from cpor_web.claims.problems import problems, seen
from cpor_web.models import Claim, Event, Partner
from cpor_web.programme import Programme
from cpor_web.rules import draft_checks
from cpor_web.rules.characters import has_hidden
from cpor_web.rules.draft_checks import Consequence, Finding
from cpor_web.rules.exc import Unread
from cpor_web.rules.roles import Actor
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_

WARNED = "claim:warned"
"""The kind of the event that keeps what a partner was warned of and went past."""

MOST = 200
"""How many other claims are looked at; of any more, nobody reads the references."""

MOST_EACH = 20
"""How many of each tenant at the least, where there are many tenants."""

MOST_OF_A_DOMAIN = 2
"""How many of each domain, whatever their tenants: one is told, another may be the claim itself."""

ROWS_TOLD = 10
"""How many of the other rows of a table are told by their numbers."""

SAME_IN_TABLE = N_("Other rows of this table claim the same: %(rows)s.")
OTHER_DOMAIN_IN_TABLE = N_("Other rows of this table name this tenant with another domain: %(rows)s.")
OTHER_TENANT_IN_TABLE = N_("Other rows of this table name this domain with another tenant: %(rows)s.")

READ_FIRST = N_(
    "There is something to look at first. Nothing was submitted. Read it below, then press the button again."
)

Others = Mapping[UUID | str, Sequence[Claim]]


def others_of(session: Session, partner: Partner, drafts: Iterable[Draft]) -> Others:
    """Return the partner's claims that are open or approved, by those tenants and domains of drafts that have any."""
    drafts = [each for draft in drafts if not has_hidden((each := draft.normalised()).customer_domain)]
    tenants = {tenant for draft in drafts if (tenant := tenant_in(draft))}
    domains = {draft.customer_domain for draft in drafts if tenant_in(draft)} - {""}
    if not tenants:
        return {}
    of_tenant, of_domain = Claim.tenant_id.in_(tenants), Claim.customer_domain.in_(domains)
    newest = (
        select(
            Claim.id,
            of_tenant.label("is_of_tenant"),
            of_domain.label("is_of_domain"),
            func.row_number().over(partition_by=Claim.tenant_id, order_by=Claim.id.desc()).label("in_tenant"),
            func.row_number().over(partition_by=Claim.customer_domain, order_by=Claim.id.desc()).label("in_domain"),
        )
        .where(or_(of_tenant, of_domain), Claim.partner_id == partner.id, Claim.tenant_id.is_not(None))
        .where(Claim.deleted_at.is_(None), Claim.status != Status.REJECTED)
        .subquery()
    )
    near = newest.c.is_of_tenant & (newest.c.in_tenant <= max(MOST_EACH, MOST // len(tenants)))
    near |= newest.c.is_of_domain & (newest.c.in_domain <= MOST_OF_A_DOMAIN)
    claims = select(Claim).where(Claim.id.in_(select(newest.c.id).where(near))).order_by(Claim.id.desc())
    found: defaultdict[UUID | str, list[Claim]] = defaultdict(list)
    for claim in session.scalars(claims.options(selectinload(Claim.products))):
        assert claim.tenant_id is not None
        found[claim.tenant_id].append(claim)
        found[claim.customer_domain or ""].append(claim)
    return found


def near(draft: Draft, others: Others, *, but: Claim | None = None) -> list[Claim]:
    """Return those that name the tenant of a draft or its domain, each once, the newest of a tenant first."""
    draft = draft.normalised()
    keys = (tenant_in(draft), draft.customer_domain)
    found = {each.id: each for key in keys if key for each in others.get(key, ())}
    return [each for each in found.values() if each is not but]


def of_draft(
    draft: Draft, others: Iterable[Claim], *, partner: Partner, now: datetime, programme: Programme
) -> list[Finding]:
    """Return what a partner is warned of; nothing at a field that is wrong. `others` are those near it."""
    wrong = problems(draft, partner=partner, programme=programme)
    draft, others = draft.normalised(), list(others)
    tenant = tenant_in(draft)
    same = [each for each in others if each.tenant_id == tenant]
    named = [each for each in others if draft.customer_domain and each.customer_domain == draft.customer_domain]
    found = draft_checks.findings(
        replace(
            seen(draft, partner=partner, programme=programme),
            today=programme.calendar.local_day(now),
            domains=tuple(dict.fromkeys(each.customer_domain for each in same if each.customer_domain)),
            tenant=str(tenant or ""),
            tenants=_newest_of_each(named),
            references=tuple(each.reference for each in same if _is_the_same(draft, each)),
        )
    )
    return [each for each in found if each.consequence is Consequence.WARNED and each.field not in wrong]


def of_claim(session: Session, claim: Claim, *, now: datetime, programme: Programme) -> list[Finding]:
    """Return what the partner is warned of in a stored claim."""
    draft = Draft.from_claim(claim)
    return of_form(session, draft, but=claim, partner=claim.partner, now=now, programme=programme)


def of_form(
    session: Session, draft: Draft, *, but: Claim | None, partner: Partner, now: datetime, programme: Programme
) -> list[Finding]:
    """Return what the partner is warned of in what a form says. `but` is the claim that the form is of."""
    others = near(draft, others_of(session, partner, [draft]), but=but)
    return of_draft(draft, others, partner=partner, now=now, programme=programme)


def among(rows: Mapping[int, Draft]) -> Mapping[int, Sequence[Finding]]:
    """Return what the rows of a table, by their numbers, are warned of because of one another: each of them is."""
    drafts = {number: draft.normalised() for number, draft in rows.items()}
    claiming, naming, having = defaultdict(set), defaultdict(set), defaultdict(set)
    for number, draft in drafts.items():
        naming[tenant_in(draft)].add(number)
        having[draft.customer_domain].add(number)
        for thing in _things(draft):
            claiming[thing].add(number)
    found = {}
    for number, draft in drafts.items():
        same = {other for thing in _things(draft) for other in claiming[thing]} - {number}
        domains = {n: drafts[n].customer_domain for n in naming[tenant_in(draft)]} if tenant_in(draft) else {}
        tenants = {n: tenant_in(drafts[n]) for n in having[draft.customer_domain]} if draft.customer_domain else {}
        told = (
            ("products", SAME_IN_TABLE, same),
            ("tenant_id", OTHER_DOMAIN_IN_TABLE, _unlike(number, domains)),
            ("tenant_id", OTHER_TENANT_IN_TABLE, _unlike(number, tenants)),
        )
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
        # "guard" is what histories have called it from the beginning
        told = [{"guard": each.check, "field": each.field, **_stored(each)} for each in found]
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


def _newest_of_each(claims: Iterable[Claim]) -> Mapping[str, str]:
    """Return the reference of each tenant's newest claim by the tenant, the newest of all first."""
    found: dict[str, str] = {}
    for claim in sorted(claims, key=lambda each: each.id, reverse=True):
        found.setdefault(str(claim.tenant_id), claim.reference)
    return found


def _things(draft: Draft) -> set[tuple[object, str]]:
    """Return what a draft claims, to compare it: each product for its tenant, and the subscription."""
    tenant = tenant_in(draft)
    things: set[tuple[object, str]] = {(tenant, product) for product in draft.products if tenant}
    return things | ({("", draft.subscription_id.lower())} if draft.subscription_id else set())


def _unlike(number: int, said: Mapping[int, object]) -> set[int]:
    own = said.get(number)
    return {other for other, each in said.items() if own and each and each != own}


def _in_table(field: str, sentence: str, others: Collection[int]) -> Finding:
    numbers = [str(each) for each in sorted(others)]
    rows = (*numbers[:ROWS_TOLD], "…") if len(numbers) > ROWS_TOLD else tuple(numbers)
    return Finding("in-this-table", field, sentence, {"rows": rows}, Consequence.WARNED)
