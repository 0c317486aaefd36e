"""A claim's life as one line: what has happened, where it is, and what comes next if all goes well."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims.next_steps import NextStep, ahead
from cpor_web.claims.way import Step
from cpor_web.models import Claim, Event
from cpor_web.rules.actions import Action
from cpor_web.rules.transitions import TABLE

LATELY = 4
"""How many of the last events are told at once, where there are many."""

_NOT_ON_THE_WAY = frozenset({Action.TAKE_OVER})
MILESTONES = frozenset(rule.event for rule in TABLE if rule.action not in _NOT_ON_THE_WAY) | {
    "consent:started",
    "consent:extended",
    "consent:stopped",
    "consent:reached",
    "consent:resumed",
    "consent:no-objection",
    "consent:wrong-person",
    "consent:yes-confirmed",
    "contact:proposed",
    "contact:corrected",
    "assessment:assessed",
    "assessment:flagged",
    "assessment:restored",
}
"""The kinds of events that move a claim, or its consent period, along its way."""


class Timeline(NamedTuple):
    """What was (the oldest first), what is, and what is to come."""

    past: Sequence[Event]
    now: NextStep
    ahead: Sequence[Step]

    @property
    def earlier(self) -> Sequence[Event]:
        """What was long before, where it is more than one event."""
        return self.past[:-LATELY] if len(self.past) > LATELY + 1 else []

    @property
    def lately(self) -> Sequence[Event]:
        """What was, but for what was earlier."""
        return self.past[len(self.earlier) :]


def timeline(session: Session, claim: Claim, step: NextStep) -> Timeline:
    """Return the claim's life as its partner may see it; `step` is what is next."""
    past = select(Event).where(Event.claim_id == claim.id, Event.kind.in_(MILESTONES), ~Event.is_internal)
    return Timeline(session.scalars(past.order_by(Event.position)).all(), step, list(ahead(claim, step.step)))
