"""What the guards find in a draft beside the partner's other claims, and what of it the partner went past."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
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

READ_FIRST = N_(
    "There is something to look at first. Nothing was submitted. Read it below, then press the button again."
)

Others = Mapping[UUID, Sequence[Claim]]


def others_of(session: Session, partner: Partner, tenants: Collection[UUID]) -> Others:
    """Return the partner's claims that are open or approved, by those of these tenants that have any."""
    if not tenants:
        return {}
    claims = select(Claim).where(Claim.tenant_id.in_(tenants), Claim.partner_id == partner.id)
    claims = claims.where(Claim.deleted_at.is_(None), Claim.status != Status.REJECTED)
    found = defaultdict(list)
    for claim in session.scalars(claims.options(selectinload(Claim.products)).order_by(Claim.id.desc()).limit(MOST)):
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
