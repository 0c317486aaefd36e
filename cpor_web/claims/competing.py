"""Approving one claim over another partner's association: with a written rationale that both partners read."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, selectinload

from cpor_web import history
from cpor_web.claims import related
from cpor_web.claims.input import needed_text
from cpor_web.emails.catalogue import to_partner
from cpor_web.models import Claim, Replacement
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid
from cpor_web.rules.roles import SYSTEM, Actor
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_

WHY_OVER = N_("Another partner is associated for this. Write why this claim goes before it: both partners read it.")
LEAST_RATIONALE = 20
"""Characters that a rationale has at least, blanks beside one another counted once."""
TOO_SHORT = N_("Both partners are to understand why this claim goes before it. Write at least %(least)s characters.")


def flag(session: Session, claim: Claim, *, now: datetime) -> None:
    """Write down, for reviewers alone, with what a claim competes that was just submitted."""
    rivals = related.competing(session, claim)
    if rivals:
        data = {"with": ", ".join(rival.reference for rival in rivals)}
        history.append(session, claim, "claim:competes", actor=SYSTEM, now=now, data=data, is_internal=True)


def associations(session: Session, claim: Claim) -> Sequence[Claim]:
    """Return the associations of other partners that approving this claim would end."""
    return related.competing(session, claim, only=(Status.APPROVED,))


def over(session: Session, claim: Claim, rationale: str) -> tuple[Sequence[Claim], str]:
    """Return the associations that an approval goes over, and the rationale; raises Invalid where it is too short.

    Until the transaction ends nobody else approves for the same tenant or subscription, so that of two who approve
    at once the second meets the association of the first.
    """
    for key in (claim.tenant_id, claim.subscription_id):
        if key is not None:
            session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"association {key}", 0))))
    found = associations(session, claim)
    return found, _rationale(rationale) if found else ""


def put_over(
    session: Session,
    claim: Claim,
    others: Sequence[Claim],
    rationale: str,
    *,
    actor: Actor,
    now: datetime,
    programme: Programme,
) -> None:
    """Write down that a claim was approved over these associations, and tell their partners."""
    assert actor.user_id is not None
    data = {"rationale": rationale}
    if others:
        history.append(session, claim, "claim:preferred", actor=actor, now=now, data=data)
    for other in others:
        decided = session.scalar(_waits(claim, other)) or Replacement(claim_id=claim.id, replaced_id=other.id)
        decided.user_id, decided.at, decided.rationale = actor.user_id, now, rationale
        session.add(decided)
        history.append(session, other, "claim:contested", actor=actor, now=now, data=data)
        to_partner.association_contested(session, other, rationale=rationale, now=now, programme=programme)


def decided_for(session: Session, claim: Claim) -> Replacement | None:
    """Return the last decision that put this claim over another partner's association."""
    return session.scalars(_newest().where(Replacement.claim_id == claim.id)).first()


def decided_against(session: Session, claim: Claim) -> Replacement | None:
    """Return the last decision that put another claim over this one and came true, or still may."""
    found = _newest().join(Replacement.claim).where(Replacement.replaced_id == claim.id)
    may_come_true = or_(Replacement.ended_at.is_not(None), Claim.status == Status.APPROVED)
    return session.scalars(found.where(may_come_true)).first()


def decisions_about(session: Session, claim: Claim) -> Sequence[Replacement]:
    """Return, for reviewers, every decision that put this claim over another or another over it, newest first."""
    about = or_(Replacement.claim_id == claim.id, Replacement.replaced_id == claim.id)
    both = (selectinload(Replacement.claim), selectinload(Replacement.replaced), selectinload(Replacement.user))
    return session.scalars(_newest().where(about).options(*both)).all()


def _rationale(typed: str) -> str:
    rationale = needed_text(typed, "rationale", WHY_OVER)
    if len(" ".join(rationale.split())) < LEAST_RATIONALE:
        raise Invalid(TOO_SHORT, {"least": str(LEAST_RATIONALE)}, "rationale")
    return rationale


def _newest() -> Select[Replacement]:
    return select(Replacement).order_by(Replacement.id.desc())


def _waits(claim: Claim, other: Claim) -> Select[Replacement]:
    pair = (Replacement.claim_id == claim.id, Replacement.replaced_id == other.id)
    return select(Replacement).where(*pair, Replacement.ended_at.is_(None))
