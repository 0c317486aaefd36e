"""What a link stands for at this moment."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from cpor_web import facts
from cpor_web.consent import answers
from cpor_web.models import Answer, Claim, Invitation, Round, RoundState
from cpor_web.rules.statuses import Status


class LinkState(StrEnum):
    """What the page of a link says."""

    OPEN = "open"
    DENIED = "denied"
    PASSED = "passed"
    OVER = "over"
    SUPERSEDED = "superseded"


@dataclass(frozen=True)
class Standing:
    """A link's state with what its page shows. `denial` is the round's, `mine` what this contact said."""

    state: LinkState
    invitation: Invitation
    round: Round
    claim: Claim
    denial: Answer | None
    mine: list[Answer]
    can_undo_until: datetime | None


def standing(session: Session, invitation: Invitation, *, now: datetime) -> Standing:
    """Return how an invitation stands. Reads only."""
    round_ = invitation.round
    claim = round_.claim
    denial = answers.last_denial(session, round_) if round_.state is RoundState.DENIED else None
    until = (
        answers.undo_until(round_, denial) if denial is not None and denial.invitation_id == invitation.id else None
    )
    return Standing(
        state=_state(session, invitation, round_, claim),
        invitation=invitation,
        round=round_,
        claim=claim,
        denial=denial,
        mine=list(invitation.answers),
        can_undo_until=until if until is not None and until >= now else None,
    )


def _state(session: Session, invitation: Invitation, round_: Round, claim: Claim) -> LinkState:
    if invitation.superseded_at is not None:
        return LinkState.SUPERSEDED
    if round_.state is RoundState.DENIED:
        return LinkState.DENIED
    if claim.status is not Status.APPROVED or not facts.is_latest(session, round_):
        return LinkState.OVER
    return LinkState.PASSED if round_.state is RoundState.PASSED else LinkState.OPEN
