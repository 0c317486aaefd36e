"""Denials through the link of a contact who was replaced: they decide nothing, and no silence passes over them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import history
from cpor_web.consent import recording, stops
from cpor_web.consent.recording import LONGEST_WORDS, Held, Outcome
from cpor_web.emails.catalogue import to_staff
from cpor_web.models import Event
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Way


def deny(
    session: Session, held: Held, *, reason: Denial, words: str, way: Way, now: datetime, programme: Programme
) -> Outcome:
    """Stop the clock of the round that is open, and have a reviewer look. Denying twice is the same as once.

    Once a reviewer has looked and let the period go on, what is said again is not recorded: ALREADY.
    """
    if not held.round.is_open or not recording.is_in_force(held):
        return Outcome.SUPERSEDED
    said = select(Event.id).where(
        Event.claim_id == held.claim.id,
        Event.kind == stops.DENIED,
        Event.data["invitation"].as_integer() == held.invitation.id,
    )
    if session.scalar(said.limit(1)) is not None:
        return Outcome.SUPERSEDED if stops.is_denial_to_be_read(session, held.claim) else Outcome.ALREADY
    data = {"invitation": held.invitation.id, "reason": reason.value, "way": way.value}
    data["words"] = words.strip()[:LONGEST_WORDS]
    history.append(session, held.claim, stops.DENIED, actor=held.actor, now=now, data=data, is_internal=True)
    stops.stop(session, held.claim, held.round, now=now, why=stops.DENIED_BY_REPLACED)
    to_staff.denial_by_replaced(session, held.claim, data, now=now, programme=programme)
    return Outcome.SUPERSEDED
