"""In which order messages to the assessor are handed over, and how often each is tried."""

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy.orm import Session

from cpor_web.assessment import handover
from cpor_web.assessment.handover import GIVE_UP_AFTER, LEASE, LONGEST_DELAY
from cpor_web.assessment.receiver import Away, Delivered, Failed, Outcome
from cpor_web.models import Handover, HandoverState
from cpor_web.programme import Programme
from cpor_web.rules.exc import NotAllowed
from cpor_web.rules.roles import Role
from tests.support import factories
from tests.support.assessments import PASSED, deny, messages_of, passed

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
FAILED = Failed("500 Internal Server Error")


def sent_off(session: Session, message: Handover, outcome: Outcome, *, now: object = PASSED) -> Handover:
    """Lease, begin and settle one message, as the worker does."""
    assert message.id in handover.lease(session, now=now, most=10)
    assert handover.begin(session, message.id, now=now) is message
    settled = handover.settle(session, message.id, outcome, now=now)
    session.flush()
    assert settled is message
    return message


def test_a_correction_waits_until_the_assessors_server_has_taken_what_it_corrects(
    db_session: Session, by_webhook: Programme
) -> None:
    record, other = passed(db_session, by_webhook), passed(db_session, by_webhook)
    deny(db_session, by_webhook, record.claim)
    now = PASSED + 2 * DAY
    first, correction = messages_of(db_session, record)
    (of_other,) = messages_of(db_session, other)

    assert sorted(handover.lease(db_session, now=now, most=10)) == sorted([first.id, of_other.id])
    handover.begin(db_session, first.id, now=now)
    handover.settle(db_session, first.id, FAILED, now=now)
    db_session.flush()
    assert handover.lease(db_session, now=now, most=10) == []

    later = now + LONGEST_DELAY
    assert first.id in handover.lease(db_session, now=later, most=10)
    handover.begin(db_session, first.id, now=later)
    handover.settle(db_session, first.id, Delivered("204"), now=later)
    db_session.flush()
    assert correction.id in handover.lease(db_session, now=later, most=10)


@pytest.mark.parametrize("outcome", [FAILED, Away("TimeoutError")])
def test_what_failed_is_tried_again_at_growing_distances(
    db_session: Session, by_webhook: Programme, outcome: Outcome
) -> None:
    (message,) = messages_of(db_session, passed(db_session, by_webhook))
    now, waits = PASSED, []
    for _ in range(6):
        sent_off(db_session, message, outcome, now=now)
        assert message.state is HandoverState.DEFERRED
        assert message.due_at
        waits.append(message.due_at - now)
        now = message.due_at

    assert all(later > earlier for earlier, later in pairwise(waits))
    assert len({handover.delay(3) for _ in range(50)}) > 1
    assert max(handover.delay(n) for n in (40, 4000)) <= 1.2 * LONGEST_DELAY
    assert message.attempts == 6


def test_after_48_hours_it_is_given_up_and_holds_up_those_after_it(
    db_session: Session, by_webhook: Programme
) -> None:
    record = passed(db_session, by_webhook)
    deny(db_session, by_webhook, record.claim)
    first, correction = messages_of(db_session, record)
    sent_off(db_session, first, FAILED)
    just_before = PASSED + GIVE_UP_AFTER - MINUTE
    sent_off(db_session, first, FAILED, now=just_before)
    assert first.state is HandoverState.DEFERRED

    sent_off(db_session, first, FAILED, now=PASSED + GIVE_UP_AFTER + LONGEST_DELAY)

    assert (first.state, first.due_at, first.answer) == (HandoverState.GIVEN_UP, None, FAILED.answer)
    assert correction.id not in handover.lease(db_session, now=PASSED + 30 * DAY, most=10)


def test_sent_again_it_is_the_same_message_with_48_hours_of_its_own(
    db_session: Session, by_webhook: Programme
) -> None:
    record = passed(db_session, by_webhook)
    (message,) = messages_of(db_session, record)
    sent_off(db_session, message, FAILED)
    sent_off(db_session, message, FAILED, now=PASSED + 3 * DAY)
    assert message.state is HandoverState.GIVEN_UP
    key, body = message.key, message.body
    admin = factories.user(db_session, Role.ADMINISTRATOR)

    handover.send_again(db_session, message.id, actor=admin.actor, now=PASSED + 4 * DAY)
    sent_off(db_session, message, FAILED, now=PASSED + 4 * DAY)

    assert (message.state, message.key, message.body) == (HandoverState.DEFERRED, key, body)
    with pytest.raises(NotAllowed):
        handover.send_again(db_session, message.id, actor=admin.actor, now=PASSED + 4 * DAY)


def test_what_a_worker_leased_no_other_takes_until_the_lease_is_over(
    db_session: Session, by_webhook: Programme
) -> None:
    (message,) = messages_of(db_session, passed(db_session, by_webhook))
    key = message.key
    assert handover.lease(db_session, now=PASSED, most=10) == [message.id]
    assert handover.lease(db_session, now=PASSED, most=10) == []
    handover.begin(db_session, message.id, now=PASSED)
    db_session.flush()  # and here the worker is killed

    after = PASSED + LEASE + MINUTE
    assert handover.lease(db_session, now=after, most=10) == [message.id]
    assert (message.state, message.key) == (HandoverState.DEFERRED, key)
    assert handover.settle(db_session, message.id, FAILED, now=after) is None


def test_what_was_given_back_is_free_at_once(db_session: Session, by_webhook: Programme) -> None:
    (message,) = messages_of(db_session, passed(db_session, by_webhook))
    handover.lease(db_session, now=PASSED, most=10)
    handover.release(db_session, [message.id])
    db_session.flush()

    assert handover.lease(db_session, now=PASSED, most=10) == [message.id]
