"""Claims that compete: partners claim the same product for one tenant, or the same subscription, and both stand.

An association that its customer restores may stand beside another partner's that was approved meanwhile. Nothing ends
by that; the reviewers are told.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select
from sqlalchemy.orm import Session, selectinload

from cpor_web import history
from cpor_web.consent.replacing import MAY_COME_TRUE
from cpor_web.emails.catalogue import to_staff
from cpor_web.models import OPEN_STATES, Claim, ClaimProduct, Replacement, Round
from cpor_web.programme import Programme
from cpor_web.rules.roles import SYSTEM
from cpor_web.rules.statuses import STANDING, Status


def competing(session: Session, claim: Claim, *, only: Collection[Status] = STANDING) -> Sequence[Claim]:
    """Return the claims of other partners that compete with this one, by their ids; of these statuses alone."""
    found = others_than(claim).where(competes(claim), Claim.status.in_(only)).order_by(Claim.id)
    return session.scalars(found.options(selectinload(Claim.partner), selectinload(Claim.reviewer))).all()


def associations(session: Session, claim: Claim) -> Sequence[Claim]:
    """Return the associations of other partners that compete with this claim.

    Until the transaction ends nobody else asks this for the same tenant or subscription, so that of two who let
    rivals stand at once the second meets the association of the first.
    """
    for key in (claim.tenant_id, claim.subscription_id):
        if key is not None:
            session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"association {key}", 0))))
    return competing(session, claim, only=(Status.APPROVED,))


def flag(session: Session, claim: Claim, rivals: Sequence[Claim], *, now: datetime) -> None:
    """Write down, for reviewers alone, with what a claim competes."""
    data = {"with": ", ".join(rival.reference for rival in rivals)}
    history.append(session, claim, "claim:competes", actor=SYSTEM, now=now, data=data, is_internal=True)


def tell_of_restored(session: Session, claim: Claim, *, now: datetime, programme: Programme) -> None:
    """Tell the reviewers of an association that was restored beside others, where no decision ends it or them."""
    found = associations(session, claim)
    ending = _that_may_end(session, [claim, *found])
    beside = [] if claim.id in ending else [other for other in found if other.id not in ending]
    if beside:
        flag(session, claim, beside, now=now)
        lapsed = (Replacement.replaced_id == claim.id, Replacement.ended_at.is_(None))
        over = session.scalars(select(Replacement.claim_id).where(*lapsed)).all()
        others = [
            {"reference": other.reference, "partner": other.partner.name, "was_over": other.id in over}
            for other in beside
        ]
        waiting = lacking_yes(session, [claim, *beside])
        may_end = [each.reference for each in (claim, *beside) if each.id in waiting]
        to_staff.competing_associations(session, claim, others, may_end, now=now, programme=programme)


def lacking_yes(session: Session, claims: Sequence[Claim]) -> Collection[int]:
    """Return the ids of those of these claims that silence would end: they need their customer's yes, and lack it."""
    is_asked = Round.claim_id.in_([claim.id for claim in claims]) & Round.state.in_(OPEN_STATES)
    return session.scalars(select(Round.claim_id).where(is_asked, Round.needs_yes, Round.yes_at.is_(None))).all()


def others_than(claim: Claim) -> Any:
    """Return the query of all claims that were ever submitted, but for this one."""
    return select(Claim).where(Claim.id != claim.id, Claim.status != Status.EDITING)


def same_tenant(claim: Claim) -> ColumnElement[bool]:
    return Claim.tenant_id == claim.tenant_id


def same_subscription(claim: Claim) -> ColumnElement[bool]:
    return Claim.subscription_id == claim.subscription_id if claim.subscription_id else false()


def same_product(claim: Claim) -> ColumnElement[bool]:
    return exists().where(ClaimProduct.claim_id == Claim.id, ClaimProduct.key.in_(claim.product_keys))


def competes(claim: Claim) -> ColumnElement[bool]:
    """Return whether a row's claim competes with `claim`: of another partner, standing, for the same thing."""
    return and_(
        Claim.partner_id != claim.partner_id,
        Claim.status.in_(STANDING),
        or_(and_(same_tenant(claim), same_product(claim)), same_subscription(claim)),
    )


def _that_may_end(session: Session, claims: Sequence[Claim]) -> Collection[int]:
    """Return the ids of those of these associations that a decision for any claim may yet end."""
    ids = [claim.id for claim in claims]
    return session.scalars(
        select(Replacement.replaced_id).where(Replacement.replaced_id.in_(ids), MAY_COME_TRUE)
    ).all()
