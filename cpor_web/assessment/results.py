"""What an assessor found, the built-in one or the operator's own: recorded once, and told to the partner."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from cpor_web import history, lifecycle
from cpor_web.emails.catalogue import to_partner
from cpor_web.models import ERASED, Assessment, AssessmentState
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid, NotAllowed
from cpor_web.rules.roles import Actor
from cpor_web.rules.words import N_

MOST_REASONS = 20
LONGEST_REASON = 500
GREATEST_ID = 2**63 - 1

ANOTHER = N_("This assessment has another result already; nothing was changed.")

FOUND = {state.value: state for state in (AssessmentState.ELIGIBLE, AssessmentState.NOT_ELIGIBLE)}
"""What can be found, by the word for it."""


class UnknownAssessment(LookupError):
    """No assessment has this id."""


class Result(NamedTuple):
    """What was found about one assessment. `reasons` are the assessor's own words."""

    assessment_id: int
    state: AssessmentState
    reasons: list[str]


def read(body: Mapping[str, Any]) -> Result:
    """Return what a message or a row says; raises Invalid naming the field that is wrong."""
    id_, state, reasons = body.get("assessment"), body.get("state"), body.get("reasons", [])
    if not isinstance(id_, int) or isinstance(id_, bool):
        raise Invalid(N_("This is not the number of an assessment."), field_name="assessment")
    if not isinstance(state, str) or state not in FOUND:
        raise Invalid(N_("The state is eligible or not-eligible."), field_name="state")
    if not isinstance(reasons, list) or len(reasons) > MOST_REASONS:
        raise Invalid(
            N_("The reasons are a list of at most %(most)s texts."), {"most": MOST_REASONS}, field_name="reasons"
        )
    return Result(id_, FOUND[state], [_reason(each) for each in reasons])


def record(session: Session, result: Result, *, actor: Actor, now: datetime, programme: Programme) -> bool:
    """Record a result, and tell whether it is new; the same one again changes nothing.

    Raises UnknownAssessment, or NotAllowed where another result is recorded already.
    """
    found = session.get(Assessment, result.assessment_id) if 0 < result.assessment_id <= GREATEST_ID else None
    if found is None:
        raise UnknownAssessment
    lifecycle.hold(session, found.claim)
    session.refresh(found, with_for_update={"of": Assessment})
    if found.state is AssessmentState.QUEUED:
        settle(session, found, result.state, result.reasons, actor=actor, now=now, programme=programme)
        return True
    if not is_again(result, found.state, found.reasons):
        raise NotAllowed(ANOTHER)
    return False


def is_again(result: Result, state: AssessmentState, reasons: Sequence[str]) -> bool:
    """Tell whether a result is what was recorded. Of a reason that was erased nobody knows any more what it said."""
    if result.state is not state or len(result.reasons) != len(reasons):
        return False
    return all(was in {ERASED, said} for was, said in zip(reasons, result.reasons, strict=True))


def settle(
    session: Session,
    found: Assessment,
    state: AssessmentState,
    reasons: list[str],
    *,
    actor: Actor,
    now: datetime,
    programme: Programme,
) -> None:
    """Write a result into an assessment that waits and is locked, and tell the partner.

    Of an association that has ended meanwhile the partner is told once it is restored, if ever.
    """
    found.state, found.reasons, found.assessed_at = state, reasons, now
    data = {"state": state.value, "reasons": reasons}
    history.append(session, found.claim, "assessment:assessed", actor=actor, now=now, data=data)
    if found.ended_at is None:
        to_partner.assessment_result(session, found, now=now, programme=programme)


def _reason(text: object) -> str:
    if not isinstance(text, str) or "\x00" in text or not _is_unicode(text) or not text.strip():
        raise Invalid(N_("A reason is a text that is not empty."), field_name="reasons")
    if len(text) > LONGEST_REASON:
        most = {"most": LONGEST_REASON}
        raise Invalid(N_("A reason has at most %(most)s characters."), most, field_name="reasons")
    return " ".join(text.split())


def _is_unicode(text: str) -> bool:
    """Tell whether a text can be stored: JSON can write halves of a character."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
