"""A partner's deadline ends with its whole last second; the operator's delay decides nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from cpor_web.claims import lapsing, operations
from cpor_web.emails import outbox
from cpor_web.models import Claim
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Rejection, Request
from cpor_web.rules.statuses import Status
from tests.support import claims
from tests.support.claims import NOW

MOMENT = timedelta(microseconds=1)
FIVE_BUSINESS_DAYS = datetime(2026, 11, 23, 22, 59, 59, tzinfo=UTC)


def by_partner(claim: Claim, programme: Programme, now: datetime = NOW) -> dict[str, Any]:
    return {"actor": claim.filed_by.actor, "now": now, "programme": programme}


def by_reviewer(claim: Claim, programme: Programme, now: datetime = NOW) -> dict[str, Any]:
    assert claim.reviewer is not None
    return {"actor": claim.reviewer.actor, "now": now, "programme": programme}


def ask(session: Session, programme: Programme, claim: Claim, now: datetime) -> None:
    operations.request_information(session, claim, {Request.DATES: ""}, "Date?", **by_reviewer(claim, programme, now))


def test_a_claim_lapses_after_the_whole_last_second_and_once(db_session: Session, programme: Programme) -> None:
    claim = claims.partner_action_required(db_session, programme)
    assert claim.due_at == FIVE_BUSINESS_DAYS
    over = FIVE_BUSINESS_DAYS + timedelta(seconds=1)
    db_session.flush()
    assert list(lapsing.due(db_session, now=over - MOMENT, most=9)) == []
    assert not lapsing.lapse(db_session, claim.id, now=over - MOMENT, programme=programme)
    assert list(lapsing.due(db_session, now=over, most=9)) == [claim.id]
    assert lapsing.lapse(db_session, claim.id, now=over, programme=programme)
    assert (claim.status, claim.rejection) == (Status.REJECTED, Rejection.NO_PARTNER_RESPONSE)
    assert (claim.rejected_by_id, claim.rejection_comment) == (None, "")
    assert claim.dispute_until is not None
    assert not lapsing.lapse(db_session, claim.id, now=over, programme=programme)


def test_a_resubmission_wins_until_the_claim_has_actually_lapsed(db_session: Session, programme: Programme) -> None:
    claim = claims.partner_action_required(db_session, programme)
    over = FIVE_BUSINESS_DAYS + timedelta(days=1)
    db_session.flush()
    assert list(lapsing.due(db_session, now=over, most=9)) == [claim.id]
    operations.resubmit(db_session, claim, **by_partner(claim, programme, over))
    assert not lapsing.lapse(db_session, claim.id, now=over, programme=programme)
    assert claim.status is Status.SUBMITTED


def test_a_claim_that_is_not_there_does_not_lapse(db_session: Session, programme: Programme) -> None:
    assert not lapsing.lapse(db_session, 2**60, now=NOW, programme=programme)


@pytest.mark.parametrize("make", [claims.submitted, claims.under_review])
def test_the_operators_own_delay_decides_nothing(db_session: Session, programme: Programme, make: Any) -> None:
    claim = make(db_session, programme)
    much_later = NOW + timedelta(days=365)
    db_session.flush()
    assert list(lapsing.due(db_session, now=much_later, most=9)) == []
    assert not lapsing.lapse(db_session, claim.id, now=much_later, programme=programme)


def test_the_partners_clock_starts_when_the_mail_that_tells_of_it_was_taken(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.partner_action_required(db_session, programme, is_told=False)
    assert claim.due_at is None
    db_session.flush()
    assert list(lapsing.due(db_session, now=NOW + timedelta(days=365), most=9)) == []
    mail = claims.mail_of(db_session, claim, "information-requested")
    operations.request_taken(db_session, mail, now=NOW + timedelta(days=2), programme=programme)
    assert claim.due_at == FIVE_BUSINESS_DAYS + timedelta(days=2)
    operations.request_taken(db_session, mail, now=NOW + timedelta(days=9), programme=programme)
    assert claim.due_at == FIVE_BUSINESS_DAYS + timedelta(days=2), "a mail that is taken twice gives no more time"


def test_a_mail_of_an_earlier_request_starts_no_clock_of_a_later_one(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.partner_action_required(db_session, programme, is_told=False)
    first, later = claims.mail_of(db_session, claim, "information-requested"), NOW + timedelta(hours=2)
    operations.resubmit(db_session, claim, **by_partner(claim, programme))
    operations.start_review(db_session, claim, **by_reviewer(claim, programme))
    ask(db_session, programme, claim, later)
    operations.request_taken(db_session, first, now=later, programme=programme)
    assert claim.due_at is None
    again = outbox.put_again(db_session, claims.mail_of(db_session, claim, "information-requested"), now=later)
    operations.request_taken(db_session, again, now=later, programme=programme)
    assert claim.due_at == FIVE_BUSINESS_DAYS


def test_the_operators_ten_days_stand_still_while_the_partner_has_the_claim(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.under_review(db_session, programme)
    asked = NOW + timedelta(days=4)  # Friday: four business days of the operator's; three have ended before it
    ask(db_session, programme, claim, asked)
    assert (claim.held_since, claim.days_used) == (None, 3)
    back = NOW + timedelta(days=21)
    operations.resubmit(db_session, claim, **by_partner(claim, programme, back))
    assert (claim.held_since, claim.days_used) == (back, 3)
    assert claim.due_rule is not None
    assert claim.due_rule["period"] == "resubmitted", "its own five days end first"
    assert claim.due_at == datetime(2026, 12, 14, 22, 59, 59, tzinfo=UTC)
    also = claim.due_rule["also"]
    assert (also["period"], also["used"], also["at"]) == ("decision", 3, "2026-12-16T22:59:59+00:00")


def test_what_is_left_of_the_ten_days_comes_first_when_it_is_less(db_session: Session, programme: Programme) -> None:
    claim = claims.under_review(db_session, programme)
    claim.days_used = 8
    ask_at = NOW + timedelta(hours=2)
    ask(db_session, programme, claim, ask_at)
    operations.resubmit(db_session, claim, **by_partner(claim, programme, ask_at))
    assert claim.due_rule is not None
    assert (claim.due_rule["period"], claim.due_rule["used"]) == ("decision", 8)
    assert claim.due_at == datetime(2026, 11, 18, 22, 59, 59, tzinfo=UTC)


def test_a_dispute_has_a_fresh_five_days(db_session: Session, programme: Programme) -> None:
    claim = claims.rejected(db_session, programme)
    claim.days_used = 10
    operations.dispute(db_session, claim, "See page 3.", **by_partner(claim, programme))
    assert (claim.due_at, claim.days_used) == (FIVE_BUSINESS_DAYS, 0)
