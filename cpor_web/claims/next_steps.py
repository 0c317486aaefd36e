"""What happens next with a claim, who must act, by which exact moment, and what comes after that."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from cpor_web.claims import way
from cpor_web.claims.listed import ListedAssessment, ListedClaim, ListedRound
from cpor_web.claims.queries import is_overdue
from cpor_web.claims.way import Step, Who
from cpor_web.models import Assessment, AssessmentState, Claim, Round, RoundState
from cpor_web.rules import deadlines
from cpor_web.rules.reasons import Rejection
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_

AnyClaim = Claim | ListedClaim
"""A claim as an object, or as the row of a list: what is next is told of both by the same rule."""

AnyRound = Round | ListedRound
AnyAssessment = Assessment | ListedAssessment

_RESULTS = {AssessmentState.ELIGIBLE: way.ELIGIBLE, AssessmentState.NOT_ELIGIBLE: way.NOT_ELIGIBLE}
_UNCLAIMED_DISPUTE = N_("The rejection is disputed; no reviewer has taken it up yet.")


class NextStep(NamedTuple):
    """The step that a claim is at; `by` with the `rule` that made it, where a deadline runs."""

    step: Step
    by: datetime | None = None
    rule: dict[str, Any] | None = None
    is_overdue: bool = False
    is_held: bool = False

    @property
    def who(self) -> Who:
        return self.step.who

    @property
    def needs_contact(self) -> bool:
        """Whether the partner is to name a right customer contact."""
        return self.step is way.CONTACT_NEEDED

    @property
    def sentence(self) -> str:
        """What happens next, as the partner reads it (a msgid)."""
        return self._said.sentence

    @property
    def for_reviewer(self) -> str:
        """The same as a reviewer reads it."""
        return self._said.for_reviewer or self._said.sentence

    @property
    def _said(self) -> Step:
        return way.HELD[self.step] if self.is_held else self.step


def next_step(
    claim: AnyClaim,
    round_: AnyRound | None,
    *,
    now: datetime,
    assessment: AnyAssessment | None = None,
    is_held: bool = False,
) -> NextStep:
    """Return what happens next, for partner and reviewer.

    `round_` is the claim's newest, `is_held` whether all closing is held: what would pass by itself then does not.
    """
    step = _step(claim, round_, assessment, now)
    by, rule = _deadline(claim, round_, step)
    return NextStep(step, by, rule, is_overdue(claim, now), is_held and by is not None and step in way.HELD)


def ahead(claim: Claim, step: Step) -> Iterator[Step]:
    """Yield what comes after `step` if all goes well, in order; nothing where the way has ended."""
    following = step.then
    while following is not None:
        if following is way.ASKED and claim.disputes_a_denial:
            following = way.ASKED_FOR_YES
        yield following
        following = following.then


def meaning(claim: Claim) -> str:
    """Return what the claim's status says of it, in one sentence (a msgid)."""
    if claim.status is Status.UNDER_REVIEW and claim.is_disputed and claim.reviewer_id is None:
        return _UNCLAIMED_DISPUTE
    return claim.status.meaning


def _step(claim: AnyClaim, round_: AnyRound | None, assessment: AnyAssessment | None, now: datetime) -> Step:
    match claim.status:
        case Status.EDITING:
            return way.DRAFT
        case Status.SUBMITTED:
            return way.SUBMITTED
        case Status.UNDER_REVIEW:
            return way.DISPUTED if claim.is_disputed and claim.reviewer_id is None else way.UNDER_REVIEW
        case Status.PARTNER_ACTION_REQUIRED:
            return way.SENT_BACK_UNTOLD if claim.due_at is None else way.SENT_BACK
        case Status.APPROVED if round_ is not None and round_.is_open:
            return _unless_replied(round_, _while_asked(claim, round_))
        case Status.APPROVED:
            return _RESULTS.get(assessment.state, way.ASSESSED) if assessment else way.ASSESSED
        case Status.REJECTED:
            return _once_rejected(claim, now)


def _once_rejected(claim: AnyClaim, now: datetime) -> Step:
    if claim.dispute_until is None:
        return way.FINAL
    if deadlines.has_passed(claim.dispute_until, now):
        return way.TOO_LATE
    return way.WITHDRAWN if claim.rejection is Rejection.PARTNER_REQUEST else way.DISPUTABLE


def _unless_replied(round_: AnyRound, step: Step) -> Step:
    """Return what is next: a reply is read before anything else, but for what the partner has to do meanwhile."""
    if round_.reply_at is None or step is way.CONTACT_NEEDED:
        return step
    return way.REPLIED_BEFORE_YES if round_.needs_yes and round_.yes_at is None else way.REPLIED


def _while_asked(claim: AnyClaim, round_: AnyRound) -> Step:
    if round_.state is RoundState.WAITING:
        return way.IN_DOUBT if round_.is_in_doubt else way.NOTICE
    if round_.state is RoundState.RUNNING:
        return way.ASKED_FOR_YES if round_.needs_yes and round_.yes_at is None else way.ASKED
    if claim.has_proposal:
        return way.PROPOSED
    return way.CONTACT_NEEDED if round_.is_astray else way.LOOKED_AT


def _deadline(claim: AnyClaim, round_: AnyRound | None, step: Step) -> tuple[datetime | None, dict[str, Any] | None]:
    if step in (way.DISPUTABLE, way.WITHDRAWN):
        return claim.dispute_until, claim.dispute_rule
    if round_ is not None and step is way.CONTACT_NEEDED:
        return round_.contact_due_at, round_.contact_rule
    if round_ is not None and step in (way.ASKED, way.ASKED_FOR_YES):
        return round_.ends_at, round_.end_rule
    return claim.due_at, claim.due_rule
