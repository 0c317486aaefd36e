"""An association is assessed once, by the catalogue; what ends or restores it afterwards is flagged, once each."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import assessment
from cpor_web.assessment.rules import NEVER_EARNS, NO_SUCH_ACTIVITY, NOT_A_LOCATION
from cpor_web.claims import operations
from cpor_web.consent import answers, rounds
from cpor_web.models import Assessment, AssessmentState, Claim, Event, Mail, MpnKind
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Way, Withdrawal
from cpor_web.rules.statuses import Status
from tests.consent.agreement import assert_agrees
from tests.support import claims
from tests.support.claims import NOW

PASSED = NOW + timedelta(days=9)
LATER = PASSED + timedelta(days=1)
REVENUE: dict[str, Any] = {
    "area": "business-applications",
    "activity": "revenue-association",
    "products": ("dynamics-365-sales",),
    "subscription_id": "aaaaaaaa-d9cb-469f-a165-70867728950e",
}


def passed(session: Session, programme: Programme, **fields: Any) -> Claim:
    """Return a claim whose window passed at PASSED."""
    claim = claims.running(session, programme, **fields)
    (invitation,) = claims.invitations_of(session, claim)
    assert rounds.close(session, invitation.round_id, now=PASSED, programme=programme)
    session.flush()
    return claim


def record_of(session: Session, claim: Claim) -> Assessment:
    session.flush()
    return session.scalars(select(Assessment).where(Assessment.claim_id == claim.id)).one()


def assess(session: Session, programme: Programme, claim: Claim, now: datetime = LATER) -> bool:
    return assessment.assess(session, record_of(session, claim).id, now=now, programme=programme)


def deny(session: Session, programme: Programme, claim: Claim) -> None:
    (invitation,) = claims.invitations_of(session, claim)
    answers.deny(session, invitation, reason=Denial.OTHER, way=Way.PAGE, now=LATER, programme=programme)


def undo(session: Session, programme: Programme, claim: Claim) -> None:
    (invitation,) = claims.invitations_of(session, claim)
    answers.undo(session, invitation, now=LATER, programme=programme)


def kinds(session: Session, claim: Claim) -> list[str]:
    session.flush()
    events = select(Event.kind).where(Event.claim_id == claim.id, Event.kind.startswith("assessment:"))
    return list(session.scalars(events.order_by(Event.position)))


def results(session: Session, claim: Claim) -> list[Mail]:
    session.flush()
    return list(session.scalars(select(Mail).where(Mail.claim_id == claim.id, Mail.kind == "assessment-result")))


def test_what_has_passed_is_queued_and_what_has_not_is_not(db_session: Session, programme: Programme) -> None:
    claims.running(db_session, programme)
    claim = passed(db_session, programme)
    record = record_of(db_session, claim)
    assert (record.state, record.queued_at) == (AssessmentState.QUEUED, PASSED)
    assert list(assessment.due(db_session, most=9)) == [record.id]


def test_an_activity_that_earns_under_a_location_is_eligible_and_the_partner_is_told_once(
    db_session: Session, programme: Programme
) -> None:
    claim = passed(db_session, programme)
    assert [assess(db_session, programme, claim) for _ in range(3)] == [True, False, False]
    record = record_of(db_session, claim)
    assert (record.state, record.reasons, record.assessed_at) == (AssessmentState.ELIGIBLE, [], LATER)
    (mail,) = results(db_session, claim)
    assert (mail.to_address, mail.context["state"]) == (claim.partner_contact_email, "eligible")
    assert list(assessment.due(db_session, most=9)) == []


def test_revenue_association_never_earns(db_session: Session, programme: Programme) -> None:
    claim = passed(db_session, programme, **REVENUE)
    assess(db_session, programme, claim)
    record = record_of(db_session, claim)
    assert (record.state, record.reasons) == (AssessmentState.NOT_ELIGIBLE, [NEVER_EARNS])
    assert results(db_session, claim)[0].context["reasons"] == [NEVER_EARNS]


def test_every_reason_is_told(db_session: Session, programme: Programme) -> None:
    claim = passed(db_session, programme)
    assert claim.mpn_id is not None
    claim.mpn_id.kind, claim.activity = MpnKind.GLOBAL, "astrology"
    assess(db_session, programme, claim)
    assert record_of(db_session, claim).reasons == [NO_SUCH_ACTIVITY, NOT_A_LOCATION]


def test_a_record_that_is_not_there_is_not_assessed(db_session: Session, programme: Programme) -> None:
    assert not assessment.assess(db_session, 2**60, now=LATER, programme=programme)


def test_a_late_denial_flags_the_record_once_and_an_undoing_lifts_the_flag(
    db_session: Session, programme: Programme
) -> None:
    claim = passed(db_session, programme)
    assess(db_session, programme, claim)
    deny(db_session, programme, claim)
    record = record_of(db_session, claim)
    assert (record.state, record.ended_at, record.ended_why) == (AssessmentState.ELIGIBLE, LATER, "denied")
    undo(db_session, programme, claim)
    assert (record.ended_at, record.ended_why) == (None, "")
    assert kinds(db_session, claim) == [
        "assessment:queued",
        "assessment:assessed",
        "assessment:flagged",
        "assessment:restored",
    ]
    assert_agrees(db_session, claim)


def test_a_denial_in_time_leaves_nothing_to_flag(db_session: Session, programme: Programme) -> None:
    claim = claims.denied(db_session, programme)
    assert kinds(db_session, claim) == []


def test_an_association_that_has_ended_is_assessed_only_once_it_is_restored(
    db_session: Session, programme: Programme
) -> None:
    claim = passed(db_session, programme)
    deny(db_session, programme, claim)
    assert list(assessment.due(db_session, most=9)) == []
    assert not assess(db_session, programme, claim)
    undo(db_session, programme, claim)
    assert assess(db_session, programme, claim)
    assert len(results(db_session, claim)) == 1


def test_a_window_that_passes_again_assesses_nothing_twice(db_session: Session, programme: Programme) -> None:
    claim = passed(db_session, programme)
    assess(db_session, programme, claim)
    deny(db_session, programme, claim)
    undo(db_session, programme, claim)
    (invitation,) = claims.invitations_of(db_session, claim)
    assert rounds.close(db_session, invitation.round_id, now=LATER + timedelta(days=9), programme=programme)
    assert claim.status is Status.APPROVED
    assert kinds(db_session, claim).count("assessment:queued") == 1
    assert len(results(db_session, claim)) == 1
    assert_agrees(db_session, claim)


@pytest.mark.parametrize("times", [1, 2])
def test_what_has_ended_is_flagged_with_the_first_reason(
    db_session: Session, programme: Programme, times: int
) -> None:
    claim = passed(db_session, programme)
    about: dict[str, Any] = {"actor": claim.filed_by.actor, "now": LATER, "programme": programme}
    operations.withdraw(db_session, claim, Withdrawal.CUSTOMER_LEFT, **about)
    for _ in range(times - 1):
        assessment.end(db_session, claim, now=LATER + timedelta(days=1), programme=programme, why="again")
    record = record_of(db_session, claim)
    assert (record.ended_at, record.ended_why) == (LATER, "partner request")
    assert kinds(db_session, claim).count("assessment:flagged") == 1


def test_silence_where_a_yes_is_needed_flags_what_had_passed_before(
    db_session: Session, programme: Programme
) -> None:
    claim = passed(db_session, programme)
    assess(db_session, programme, claim)
    deny(db_session, programme, claim)
    undo(db_session, programme, claim)
    (invitation,) = claims.invitations_of(db_session, claim)
    invitation.round.needs_yes = True  # and who had said it was replaced
    at = LATER + timedelta(days=9)
    assert rounds.close(db_session, invitation.round_id, now=at, programme=programme)
    record = record_of(db_session, claim)
    assert claim.status is Status.REJECTED
    assert (record.ended_at, record.ended_why) == (at, "not confirmed")


def test_the_longest_waiting_is_assessed_first(db_session: Session, programme: Programme) -> None:
    first, second = passed(db_session, programme), passed(db_session, programme)
    record_of(db_session, second).queued_at = NOW
    db_session.flush()
    assert list(assessment.due(db_session, most=9)) == [record_of(db_session, claim).id for claim in (second, first)]
    assert len(assessment.due(db_session, most=1)) == 1
