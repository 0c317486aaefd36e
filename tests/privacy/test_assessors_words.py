"""Reasons in an assessor's own words can name somebody, and are erased as other words are; ours name nobody."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from cpor_web.assessment import results
from cpor_web.config import Settings
from cpor_web.models import ERASED, AssessmentState
from cpor_web.privacy import export, person
from cpor_web.programme import Programme
from cpor_web.rules.eligibility import NEVER_EARNS
from cpor_web.rules.roles import SYSTEM
from tests.privacy.conftest import ADDRESS, CUSTOMER, CUSTOMERS, LATER, NAME, assess, erase
from tests.privacy.test_retention import CARLA, YEARS, all_sent, erase_all
from tests.support import assessments
from tests.support.rows import dump


def test_they_go_with_the_people_of_a_claim_that_ended_long_ago(
    db_session: Session, programme: Programme, settings: Settings
) -> None:
    record = assessments.passed(db_session, programme)
    told = results.Result(record.id, AssessmentState.NOT_ELIGIBLE, [NEVER_EARNS, f"{CARLA} says so."])
    results.record(db_session, told, actor=SYSTEM, now=assessments.PASSED, programme=programme)
    assessments.deny(db_session, programme, record.claim)
    all_sent(db_session)
    assert "people of ended claims" in erase_all(db_session, settings)
    assert record.reasons == [NEVER_EARNS, ERASED]
    assert CARLA not in str(dump(db_session))


def test_they_go_also_where_the_people_of_their_claim_went_without_them(
    db_session: Session, programme: Programme, settings: Settings
) -> None:
    record = assessments.passed(db_session, programme)
    record.state, record.assessed_at = AssessmentState.NOT_ELIGIBLE, assessments.PASSED
    assessments.deny(db_session, programme, record.claim)
    all_sent(db_session)
    erase_all(db_session, settings)
    record.reasons = [f"{CARLA} says so."]
    db_session.flush()
    later = YEARS + timedelta(days=1)
    assert erase_all(db_session, settings, later) == {"people of ended claims": 1}
    assert (record.reasons, erase_all(db_session, settings, later)) == ([ERASED], {})


@pytest.mark.parametrize(("address", "name"), [(ADDRESS, NAME), (CUSTOMERS, CUSTOMER)])
def test_they_are_in_the_export_of_whom_they_name_and_go_with_them(address: str, name: str, scene: Session) -> None:
    record = assess(scene, NEVER_EARNS, f"We asked {name}.")
    (found,) = export.of_person(scene, person.find(scene, address), now=LATER)["assessments"]
    assert found["reasons"] == [NEVER_EARNS, f"We asked {name}."]
    erase(scene, address)
    assert record.reasons == [NEVER_EARNS, ERASED]


def test_they_stay_where_they_name_somebody_else(scene: Session) -> None:
    record = assess(scene, f"We asked {NAME}.")
    erase(scene, CUSTOMERS)
    assert record.reasons == [f"We asked {NAME}."]
