"""Approved claims that need a reviewer while the customer is asked. They are in no queue: no clock of ours runs."""

from functools import cache
from typing import NamedTuple

from sqlalchemy import and_, case, select
from sqlalchemy.orm import Session

from cpor_web.claims.turns import HAS_PROPOSAL, IS_ASTRAY, IS_HELD_UP, IS_IN_DOUBT, IS_STOPPED
from cpor_web.consent.stops import DENIED_BY_REPLACED, REACHED
from cpor_web.consent.words import STOPS
from cpor_web.database.prepared import Prepared, prepared
from cpor_web.models import Claim, Event, Partner, Round
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_

REPLIED = N_("A person at the customer has replied. Nothing is closed until the reply is read.")
REPLACED_DENIED = N_("A contact who was replaced denied. Nothing is closed until a reviewer has looked at it.")
STOPPED = N_("The clock is stopped: a reviewer looks into it.")
PROPOSED = N_("The partner proposes another customer contact.")
IN_DOUBT = N_("We do not know whether a notice was delivered. No time runs before it is sent again.")


class Needing(NamedTuple):
    """A claim that needs a reviewer; `sentence` (a msgid) says what it needs."""

    reference: str
    name: str
    partner_name: str
    sentence: str


def needing_a_reviewer(session: Session) -> list[Needing]:
    """Return the claims, the longest asked first."""
    return [Needing(*row) for row in _needing().ask(session)]


@cache
def _needing() -> Prepared:
    why_stopped = (
        select(Event.data["why"].as_string())
        .where(Event.claim_id == Claim.id, Event.kind == "consent:stopped")
        .order_by(Event.position.desc())
        .limit(1)
        .scalar_subquery()
    )
    need = case(
        (Round.reply_at.is_not(None), REPLIED),
        (and_(IS_STOPPED, HAS_PROPOSAL), PROPOSED),
        (and_(IS_STOPPED, why_stopped == DENIED_BY_REPLACED), REPLACED_DENIED),
        (and_(IS_STOPPED, why_stopped == REACHED), STOPS[REACHED]),
        (and_(IS_STOPPED, ~IS_ASTRAY), STOPPED),
        (IS_IN_DOUBT, IN_DOUBT),
    )
    return prepared(
        select(Claim.reference, Claim.name, Partner.name, need)
        .join(Partner, Partner.id == Claim.partner_id)
        .join(Round, Round.claim_id == Claim.id)
        .where(Claim.status == Status.APPROVED, IS_HELD_UP, Round.closed_at.is_(None), need.is_not(None))
        .order_by(Round.opened_at, Claim.id)
    )
