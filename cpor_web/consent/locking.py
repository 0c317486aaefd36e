"""Rounds are locked after their claims, and read as they are then: one in a session, or many for a batch."""

from collections.abc import Mapping, Sequence
from functools import cache

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from cpor_web.database.prepared import Prepared, prepared
from cpor_web.entities import ahead, detached
from cpor_web.models import Claim, Invitation, Round

_LOCK = (
    select(Round)
    .where(Round.id == bindparam("id"))
    .with_for_update(of=Round, key_share=True)
    .execution_options(populate_existing=True)
)


def hold(session: Session, round_: Round) -> Round:
    """Lock the round's row and read it and its invitations afresh; the claim's is locked already."""
    if ahead.round_(session, round_.id) is round_:
        return round_
    hold_alone(session, round_)
    return round_


@cache
def _invitations() -> Select[Invitation, int]:
    """A round's invitations with whom they ask, read afresh, and the number of the claim's newest round."""
    newest = select(func.max(Round.number)).where(Round.claim_id == bindparam("claim")).scalar_subquery()
    return (
        select(Invitation, newest)
        .where(Invitation.round_id == bindparam("round"))
        .order_by(Invitation.id)
        .options(joinedload(Invitation.contact, innerjoin=True))
        .execution_options(populate_existing=True)
    )


def hold_alone(session: Session, round_: Round) -> bool:
    """Do the same of a round that no batch has read ahead, and tell whether the claim has no newer one."""
    session.flush()
    session.scalars(_LOCK, {"id": round_.id}).one()
    rows = session.execute(_invitations(), {"round": round_.id, "claim": round_.claim_id}).all()
    set_committed_value(round_, "invitations", [invitation for invitation, _newest in rows])
    return all(newest == round_.number for _invitation, newest in rows)


def hold_all(session: Session, claims: Mapping[int, Claim]) -> Sequence[Round]:
    """Lock the rounds of these claims, for a batch, and return them, the newest of each claim last.

    They belong to no session, as `claims`, which are locked, and have their claims and invitations.
    """
    held = detached.read(session, Round, _of_claims(), claims=claims)
    of = {round_.id: list[Invitation]() for round_ in held}
    for each in detached.read(session, Invitation, _of_rounds(), rounds=of):
        of[each.round_id].append(each)
    for round_ in held:
        detached.relate(round_, claim=claims[round_.claim_id], invitations=of[round_.id])
        for invitation in of[round_.id]:
            detached.relate(invitation, round=round_)
    return held


@cache
def _of_claims() -> Prepared:
    rows = detached.rows_of(Round).where(detached.among(Round.claim_id, "claims"))
    return prepared(rows.order_by(Round.claim_id, Round.number).with_for_update(key_share=True))


@cache
def _of_rounds() -> Prepared:
    asked = detached.rows_of(Invitation).where(detached.among(Invitation.round_id, "rounds"))
    return prepared(asked.order_by(Invitation.id))
