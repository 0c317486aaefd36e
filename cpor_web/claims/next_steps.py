"""What happens next with a claim, who must act, and by which exact moment."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from cpor_web.claims.queries import is_overdue
from cpor_web.models import Claim, Round, RoundState
from cpor_web.rules import deadlines
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_


class Who(StrEnum):
    """Whose turn it is."""

    PARTNER = "partner"
    REVIEWER = "reviewer"
    CUSTOMER = "customer"
    NOBODY = "nobody"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Who.PARTNER: N_("The partner"),
    Who.REVIEWER: N_("A reviewer"),
    Who.CUSTOMER: N_("The customer"),
    Who.NOBODY: N_("Nobody"),
}


REPLACED_DENIED = N_("A contact who was replaced denied. Nothing is closed until a reviewer has looked at it.")


@dataclass(frozen=True)
class NextStep:
    """Who acts next and what happens; `by` with the `rule` that made it, where a deadline runs."""

    who: Who
    sentence: str
    by: datetime | None = None
    rule: dict[str, Any] | None = None
    is_overdue: bool = False


def next_step(claim: Claim, round_: Round | None, *, now: datetime) -> NextStep:
    """Return what happens next, as partner and reviewer both read it. `round_` is the claim's newest."""
    match claim.status:
        case Status.EDITING:
            return NextStep(
                Who.PARTNER,
                N_("The partner completes the draft, with proof of execution, and submits it."),
            )
        case Status.SUBMITTED:
            return _due(claim, Who.REVIEWER, N_("A reviewer starts the review."), now)
        case Status.UNDER_REVIEW:
            return _due(claim, Who.REVIEWER, N_("The reviewer approves, rejects, or asks for more."), now)
        case Status.PARTNER_ACTION_REQUIRED if claim.due_at is None:
            return NextStep(
                Who.PARTNER,
                N_("The partner provides what is missing and resubmits. The time starts once our mail is out."),
            )
        case Status.PARTNER_ACTION_REQUIRED:
            return _due(
                claim,
                Who.PARTNER,
                N_("The partner provides what is missing and resubmits, or the claim is rejected."),
                now,
            )
        case Status.APPROVED:
            return _after_approval(claim, round_)
        case Status.REJECTED:
            return _after_rejection(claim, now)


def _due(claim: Claim, who: Who, sentence: str, now: datetime) -> NextStep:
    return NextStep(who, sentence, claim.due_at, claim.due_rule, is_overdue(claim, now))


def _after_approval(claim: Claim, round_: Round | None) -> NextStep:
    state = round_.state if round_ else None
    if round_ is None or state is RoundState.PASSED:
        return NextStep(Who.NOBODY, N_("The consent period has passed. The association is assessed for incentives."))
    if state is RoundState.WAITING:
        return NextStep(Who.NOBODY, N_("We are sending the customer the notice. Their time to deny starts then."))
    if state is RoundState.STOPPED and claim.proposed_contact is not None:
        return NextStep(Who.REVIEWER, N_("A reviewer confirms the contact that the partner proposed."))
    if state is RoundState.STOPPED and not round_.is_astray:
        return NextStep(Who.REVIEWER, REPLACED_DENIED)
    if state is RoundState.STOPPED:
        sentence = N_("The right customer contact is needed: the consent period stands still until then.")
        return NextStep(Who.PARTNER, sentence, round_.contact_due_at, round_.contact_rule)
    if round_.needs_yes and round_.yes_at is None:
        sentence = N_("The customer must confirm the association, or it ends as declined.")
        return NextStep(Who.CUSTOMER, sentence, round_.ends_at, round_.end_rule)
    return NextStep(
        Who.CUSTOMER,
        N_("The customer may deny. Without a denial the claim is assessed."),
        round_.ends_at,
        round_.end_rule,
    )


def _after_rejection(claim: Claim, now: datetime) -> NextStep:
    if claim.dispute_until is None:
        return NextStep(Who.NOBODY, N_("This rejection is final. You can start a new claim from this one."))
    if deadlines.has_passed(claim.dispute_until, now):
        return NextStep(Who.NOBODY, N_("The time to dispute has passed. You can start a new claim from this one."))
    return NextStep(
        Who.PARTNER, N_("The partner may dispute this rejection once."), claim.dispute_until, claim.dispute_rule
    )
