"""The claims that tests begin with are what they are called."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from cpor_web.facts import latest_round
from cpor_web.models import Claim, RoundState
from cpor_web.programme import Programme
from cpor_web.rules.statuses import Status
from tests.support import claims

STATUSES = {
    claims.editing: Status.EDITING,
    claims.submitted: Status.SUBMITTED,
    claims.under_review: Status.UNDER_REVIEW,
    claims.partner_action_required: Status.PARTNER_ACTION_REQUIRED,
    claims.approved: Status.APPROVED,
    claims.running: Status.APPROVED,
    claims.rejected: Status.REJECTED,
    claims.denied: Status.REJECTED,
}
ROUNDS = {
    claims.approved: RoundState.WAITING,
    claims.running: RoundState.RUNNING,
    claims.denied: RoundState.DENIED,
}


@pytest.mark.parametrize("make", STATUSES, ids=lambda make: make.__name__)
def test_a_claim_has_the_status_of_its_name(
    db_session: Session, programme: Programme, make: Callable[..., Claim]
) -> None:
    claim = make(db_session, programme)
    db_session.commit()
    db_session.refresh(claim)
    assert claim.status is STATUSES[make]


@pytest.mark.parametrize("make", ROUNDS, ids=lambda make: make.__name__)
def test_a_round_has_the_state_of_its_name(
    db_session: Session, programme: Programme, make: Callable[..., Claim]
) -> None:
    round_ = latest_round(db_session, make(db_session, programme))
    assert round_ is not None
    assert round_.state is ROUNDS[make]
