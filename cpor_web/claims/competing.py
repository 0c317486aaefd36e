"""Approving one claim over another partner's association: with a written rationale that both partners read."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Select, and_, any_, bindparam, delete, or_, select
from sqlalchemy.orm import Session, aliased, selectinload

from cpor_web import history
from cpor_web.claims.input import needed_text
from cpor_web.claims.listed import ListedClaim
from cpor_web.consent import replacing, rivals
from cpor_web.database.prepared import Prepared, prepared
from cpor_web.emails.catalogue import to_partner
from cpor_web.models import OPEN_STATES, Claim, Replacement, Round, RoundState
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid
from cpor_web.rules.roles import Actor
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_

WHY_OVER = N_("Another partner is associated for this. Write why this claim goes before it: both partners read it.")
_RUNS = Round.state == RoundState.RUNNING
_BY_SILENCE = and_(_RUNS, or_(~Round.needs_yes, Round.yes_at.is_not(None)))
_ALL_ENDINGS = (
    select(Replacement.replaced_id, Round.state, Round.ends_at, Round.needs_yes, Round.yes_at)
    .select_from(Replacement)
    .join(Claim, Claim.id == Replacement.claim_id)
    .join(Round, and_(Round.claim_id == Claim.id, Round.state.in_(OPEN_STATES)))
    .where(replacing.MAY_COME_TRUE, Claim.status == Status.APPROVED)
    .order_by(_BY_SILENCE, _RUNS, Round.ends_at.desc())  # of several the first that comes by itself stays
)
_ENDINGS = _ALL_ENDINGS.where(Replacement.replaced_id == any_(bindparam("ids", type_=ARRAY(BigInteger))))
_CAME_OR_MAY_COME = or_(Replacement.ended_at.is_not(None), replacing.MAY_COME_TRUE)
LEAST_RATIONALE = 20
"""Characters that a rationale has at least, blanks beside one another counted once."""
TOO_SHORT = N_("Both partners are to understand why this claim goes before it. Write at least %(least)s characters.")


def flag(session: Session, claim: Claim, *, now: datetime) -> None:
    """Write down, for reviewers alone, with what a claim competes that was just submitted."""
    if found := rivals.competing(session, claim):
        rivals.flag(session, claim, found, now=now)


def over(session: Session, claim: Claim, rationale: str) -> tuple[Sequence[Claim], str]:
    """Return the associations that an approval goes over, and the rationale; raises Invalid where it is too short."""
    found = rivals.associations(session, claim)
    return found, _rationale(rationale) if found else ""


def put_over(
    session: Session, claim: Claim, others: Sequence[Claim], rationale: str, *, actor: Actor, now: datetime
) -> None:
    """Decide that a claim goes over these associations. The mails of its approval tell of that, so it comes first.

    What was decided on an earlier approval, over associations that it no longer competes with, does not hold.
    """
    assert actor.user_id is not None
    ended = Replacement.replaced_id.not_in([other.id for other in others])
    session.execute(
        delete(Replacement).where(Replacement.claim_id == claim.id, Replacement.ended_at.is_(None), ended)
    )
    for other in others:
        decided = session.scalar(_waits(claim, other)) or Replacement(claim_id=claim.id, replaced_id=other.id)
        decided.user_id, decided.at, decided.rationale = actor.user_id, now, rationale
        session.add(decided)
    session.flush()


def tell(
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
    data = {"rationale": rationale}
    if others:
        history.append(session, claim, "claim:preferred", actor=actor, now=now, data=data)
    for other in others:
        history.append(session, other, "claim:contested", actor=actor, now=now, data=data)
        to_partner.association_contested(session, other, rationale=rationale, now=now, programme=programme)


def decided_for(session: Session, claim: Claim) -> Replacement | None:
    """Return the last decision that put this claim over another partner's association and came true, or may yet."""
    return session.scalars(_newest().where(Replacement.claim_id == claim.id, _CAME_OR_MAY_COME)).first()


def decided_against(session: Session, claim: Claim) -> Replacement | None:
    """Return the last decision that put another claim over this one and came true, or may yet."""
    return session.scalars(_newest().where(Replacement.replaced_id == claim.id, _CAME_OR_MAY_COME)).first()


class Ending(NamedTuple):
    """What would end an association: another partner's claim, whose customer is asked until `at`, None while no time
    runs. `needs_yes` where only the customer's yes lets that claim stand.
    """

    at: datetime | None
    needs_yes: bool

    @property
    def sentence(self) -> str:
        """What that means to the partner (a msgid), with `end` where time runs."""
        if self.needs_yes:
            return N_("This association ends if the customer confirms another partner's claim.")
        if self.at:
            return N_("This association ends on %(end)s if the customer does not deny another partner's claim.")
        return N_(
            "This association ends if the customer does not deny another partner's claim."
            " Their time to deny does not run yet."
        )


def endings(session: Session, claims: Sequence[Claim | ListedClaim]) -> dict[int, Ending]:
    """Return what would end those of these associations that another claim was approved over, by the claim's id."""
    ids = [claim.id for claim in claims if claim.status is Status.APPROVED]
    found = session.execute(_ENDINGS, {"ids": ids}) if ids else ()
    return {replaced: _ending(state, at, needs_yes, yes_at) for replaced, state, at, needs_yes, yes_at in found}


class Threatened(NamedTuple):
    """An association that another claim was approved over, and how it would end."""

    claim_id: int
    reference: str
    name: str
    customer_name: str | None
    ending: Ending


def threatened(session: Session, actor: Actor) -> list[Threatened]:
    """Return those of the partner's associations, what ends first on top; what no time runs for comes last."""
    rows = _threatened().ask(session, partner_id=actor.partner_id)
    found = {
        id_: Threatened(id_, reference, name, customer, _ending(state, at, needs_yes, yes_at))
        for id_, state, at, needs_yes, yes_at, reference, name, customer in rows
    }
    return sorted(found.values(), key=_by_end)


def _by_end(each: Threatened) -> tuple[bool, datetime | None, int]:
    return each.ending.at is None, each.ending.at, each.claim_id


@cache
def _threatened() -> Prepared:
    return prepared(_of_partner())


def is_any_threatened() -> ColumnElement[bool]:
    """Return whether `threatened` finds any, for a statement that reads something else and names the `partner_id`."""
    return _of_partner().order_by(None).exists()


def _of_partner() -> Select[Any]:
    mine = aliased(Claim)
    own = _ALL_ENDINGS.join(mine, mine.id == Replacement.replaced_id)
    own = own.where(mine.status == Status.APPROVED, mine.partner_id == bindparam("partner_id", type_=BigInteger))
    return own.add_columns(mine.reference, mine.name, mine.customer_name)


def _ending(state: str, at: datetime | None, needs_yes: bool, yes_at: datetime | None) -> Ending:
    return Ending(at if state == RoundState.RUNNING else None, needs_yes and yes_at is None)


class Decision(NamedTuple):
    """A decision that put one claim over another, and whether it may still end what it is over."""

    replacement: Replacement
    may_come_true: bool


def decisions_about(session: Session, claim: Claim) -> list[Decision]:
    """Return, for reviewers, every decision that put this claim over another or another over it, newest first."""
    about = or_(Replacement.claim_id == claim.id, Replacement.replaced_id == claim.id)
    both = (selectinload(Replacement.claim), selectinload(Replacement.replaced), selectinload(Replacement.user))
    found = session.execute(_newest().where(about).options(*both).add_columns(replacing.MAY_COME_TRUE))
    return [Decision(*row) for row in found]


def _rationale(typed: str) -> str:
    rationale = needed_text(typed, "rationale", WHY_OVER)
    if len(" ".join(rationale.split())) < LEAST_RATIONALE:
        raise Invalid(TOO_SHORT, {"least": LEAST_RATIONALE}, "rationale")
    return rationale


def _newest() -> Select[Replacement]:
    return select(Replacement).order_by(Replacement.id.desc())


def _waits(claim: Claim, other: Claim) -> Select[Replacement]:
    pair = (Replacement.claim_id == claim.id, Replacement.replaced_id == other.id)
    return select(Replacement).where(*pair, Replacement.ended_at.is_(None))
