"""What else is claimed around a claim, for reviewers: by the same partner, for the same customer, and by others."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, contains_eager, selectinload

from cpor_web.consent.rivals import (
    competes,
    competing,
    others_than,
    same_product,
    same_subscription,
    same_tenant,
)
from cpor_web.models import (
    Answer,
    AnswerKind,
    Claim,
    ClaimProduct,
    Document,
    Invitation,
    Round,
    RoundState,
)
from cpor_web.rules.statuses import STANDING, Status

MOST = 10
"""How many others a page shows."""


class Related(NamedTuple):
    """Another claim, the moment of its newest proof, and whether it competes with the one that is looked at."""

    claim: Claim
    newest_proof: datetime | None
    competes: bool


class Others(NamedTuple):
    """The first of a list of other claims, and how many there are in all."""

    shown: Sequence[Related]
    number: int


def of_partner(session: Session, claim: Claim) -> Others:
    """Return the partner's other claims but for drafts, those for the same tenant first, then the newest."""
    theirs = others_than(claim).where(Claim.partner_id == claim.partner_id)
    return _first(session, theirs, claim, case((same_tenant(claim), 0), else_=1))


def of_tenant(session: Session, claim: Claim) -> Others:
    """Return what other partners claim for this tenant or subscription: what competes first, then the newest."""
    theirs = others_than(claim).where(Claim.partner_id != claim.partner_id)
    theirs = theirs.where(or_(same_tenant(claim), same_subscription(claim)))
    return _first(session, theirs, claim, case((competes(claim), 0), else_=1))


def rivals(session: Session, claim: Claim) -> list[Related]:
    """Return what `competing` does, each with the moment of its newest proof."""
    found = competing(session, claim)
    proofs = newest_proof(session, found)
    return [Related(other, proofs.get(other.id), True) for other in found]


def is_contested() -> ColumnElement[bool]:
    """Return whether another partner's claim competes with a claim."""
    other, mine, theirs = aliased(Claim), aliased(ClaimProduct), aliased(ClaimProduct)
    shared = exists().where(mine.claim_id == Claim.id, theirs.claim_id == other.id, mine.key == theirs.key)
    shared = shared.correlate(Claim, other)  # of itself it is correlated with the nearest query alone
    return exists().where(
        other.partner_id != Claim.partner_id,
        other.status.in_(STANDING),
        or_(and_(other.tenant_id == Claim.tenant_id, shared), other.subscription_id == Claim.subscription_id),
    )


def denials(session: Session, claim: Claim) -> list[Answer]:
    """Return how this customer denied this partner for one of the same products, of other claims, the newest first.

    A denial that was undone, or that the customer's yes came after, is none.
    """
    denied = (
        select(Answer)
        .join(Answer.invitation)
        .join(Invitation.round)
        .join(Round.claim)
        .where(Answer.kind == AnswerKind.DENIED, Round.state == RoundState.DENIED)
        .where(Claim.id != claim.id, Claim.partner_id == claim.partner_id, Claim.status != Status.APPROVED)
        .where(same_tenant(claim), same_product(claim))
        .order_by(Answer.id)
    )
    read = contains_eager(Answer.invitation).contains_eager(Invitation.round).contains_eager(Round.claim)
    last = {answer.invitation.round_id: answer for answer in session.scalars(denied.options(read))}
    return sorted(last.values(), key=lambda answer: answer.id, reverse=True)


def newest_proof(session: Session, claims: Sequence[Claim]) -> dict[int, datetime]:
    """Return when the newest proof of each claim came that was not replaced, by the claim's id."""
    newest = (
        select(Document.claim_id, func.max(Document.uploaded_at))
        .where(Document.claim_id.in_([claim.id for claim in claims]), Document.replaced_by_id.is_(None))
        .group_by(Document.claim_id)
    )
    found: dict[int, datetime] = dict(session.execute(newest).all())
    return found


def _first(session: Session, others: Any, claim: Claim, rank: ColumnElement[int]) -> Others:
    number = session.scalar(others.with_only_columns(func.count()).order_by(None)) or 0
    listed = others.order_by(rank, Claim.first_submitted_at.desc(), Claim.id.desc()).limit(MOST)
    listed = listed.options(selectinload(Claim.partner), selectinload(Claim.products))
    rows = session.execute(listed.add_columns(func.coalesce(competes(claim), False))).all()
    proofs = newest_proof(session, [other for other, _competing in rows])
    return Others([Related(other, proofs.get(other.id), competing) for other, competing in rows], number)
