"""Approved claims that need a reviewer while the customer is asked. They are in no queue: no clock of ours runs."""

from sqlalchemy import and_, case, select
from sqlalchemy.orm import Session, selectinload

from cpor_web.claims.next_steps import REPLACED_DENIED
from cpor_web.models import Claim, CustomerContact, Event, Round, RoundState
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_

REPLIED = N_("A person at the customer has replied. Nothing is closed until the reply is read.")
PROPOSED = N_("The partner proposes another customer contact.")


def needing_a_reviewer(session: Session) -> list[tuple[Claim, str]]:
    """Return the claims, the longest asked first, each with the sentence (a msgid) that says what it needs."""
    is_stopped = Round.state == RoundState.STOPPED
    has_proposal = (
        select(CustomerContact.id)
        .where(
            CustomerContact.claim_id == Claim.id,
            CustomerContact.replaces_id.is_not(None),
            CustomerContact.position.is_(None),
            CustomerContact.confirmed_by_id.is_(None),
        )
        .exists()
    )
    replaced_denied = (
        select(Event.id).where(Event.claim_id == Claim.id, Event.kind == "consent:denied-by-superseded").exists()
    )
    need = case(
        (Round.reply_at.is_not(None), REPLIED),
        (and_(is_stopped, has_proposal), PROPOSED),
        (and_(is_stopped, replaced_denied), REPLACED_DENIED),
    )
    found = (
        select(Claim, need)
        .join(Round, Round.claim_id == Claim.id)
        .where(Claim.status == Status.APPROVED, Round.closed_at.is_(None), need.is_not(None))
        .options(selectinload(Claim.partner))
        .order_by(Round.opened_at, Claim.id)
    )
    return [(claim, sentence) for claim, sentence in session.execute(found)]
