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
from cpor_web.emails.catalogue import to_staff
from cpor_web.models import OPEN_STATES, Claim, ClaimProduct, Replacement, Round
from cpor_web.programme import Programme
from cpor_web.rules.roles import SYSTEM
from cpor_web.rules.statuses import Status

STANDING = (Status.SUBMITTED, Status.UNDER_REVIEW, Status.PARTNER_ACTION_REQUIRED, Status.APPROVED)
"""The statuses of claims that are, or may become, an association."""

MAY_COME_TRUE = exists().where(Round.claim_id == Replacement.claim_id, Round.state.in_(OPEN_STATES))
"""Whether a decision that has ended no association still may: the customer of the claim that replaces is asked."""


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
    """Tell the reviewers of an association that was restored beside others, where neither will end the other."""
    found = [(other, _decisions_between(session, claim, other)) for other in associations(session, claim)]
    beside = [(other, decided) for other, decided in found if not any(decided)]
    if beside:
        flag(session, claim, [other for other, _decided in beside], now=now)
        others = [
            {"reference": other.reference, "partner": other.partner.name, "was_over": bool(decided)}
            for other, decided in beside
        ]
        to_staff.competing_associations(session, claim, others, now=now, programme=programme)


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


def _decisions_between(session: Session, claim: Claim, other: Claim) -> Sequence[bool]:
    """Return of each decision to put one of the two over the other, which has ended nothing, whether it may yet."""
    pairs = ((claim.id, other.id), (other.id, claim.id))
    either = or_(*(and_(Replacement.claim_id == one, Replacement.replaced_id == over) for one, over in pairs))
    decided = select(MAY_COME_TRUE).select_from(Replacement).where(Replacement.ended_at.is_(None), either)
    return session.scalars(decided).all()
