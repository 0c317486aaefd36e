"""A denial that is read and written at once leaves what one leaves that is read object by object."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import DetachedInstanceError

from consent_links import new_id
from cpor_web.consent import answers, at_once
from cpor_web.consent.recording import Outcome
from cpor_web.models import Claim
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Way
from tests.consent.agreement import assert_agrees
from tests.support import claims
from tests.support.claims import NOW
from tests.support.rows import dump

ABOUT: dict[str, Any] = {"reason": Denial.OTHER, "words": " Never. ", "way": Way.PAGE, "now": NOW + timedelta(days=1)}


def left_by(session: Session, claim: Claim) -> Any:
    """What a denial leaves of a claim, but for what is another claim's in any case."""
    session.expire_all()
    assert_agrees(session, claim)
    (invitation,) = claims.invitations_of(session, claim)
    round_, answer = invitation.round, invitation.answers[-1]
    return (
        (claim.status, claim.status_since, claim.version, claim.rejection, claim.rejection_comment, claim.due_at),
        (claim.dispute_until, claim.dispute_rule, claim.is_disputed, claim.rejected_by_id, claim.rejection_detail),
        (round_.state, round_.closed_at, round_.ends_at),
        (answer.kind, answer.at, answer.way, answer.reason, answer.words, answer.is_late),
    )


def test_both_ways_of_reading_leave_the_same(db_session: Session, programme: Programme) -> None:
    one, other = claims.running(db_session, programme), claims.running(db_session, programme)
    (by_objects,), (by_link,) = (claims.invitations_of(db_session, each) for each in (one, other))

    answers.deny(db_session, by_objects, programme=programme, **ABOUT)
    outcome = at_once.deny(db_session, by_link.link_id, programme=programme, **ABOUT)
    db_session.flush()

    assert outcome is Outcome.RECORDED
    assert left_by(db_session, one) == left_by(db_session, other)


def test_a_link_that_nobody_was_given_denies_nothing(db_session: Session, programme: Programme) -> None:
    claims.running(db_session, programme)
    db_session.flush()
    before = dump(db_session)

    assert at_once.deny(db_session, new_id(), programme=programme, **ABOUT) is None
    assert dump(db_session) == before


def test_what_was_not_read_is_not_taken_for_empty(
    db_session: Session, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    (asked,) = claims.invitations_of(db_session, claims.running(db_session, programme))

    def look(_session: Session, invitation: Any, **_about: Any) -> Any:
        return invitation.round.claim.all_contacts

    monkeypatch.setattr(answers, "deny", look)

    with pytest.raises(DetachedInstanceError, match="was not read"):
        at_once.deny(db_session, asked.link_id, programme=programme, **ABOUT)
