"""What the operator's own assessor is told, and when."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cpor_web import assessment, queue
from cpor_web.assessment import handover, results
from cpor_web.assessment.results import Result
from cpor_web.claims import operations
from cpor_web.consent import rounds
from cpor_web.facts import latest_round
from cpor_web.models import Assessment, AssessmentState, Handover, HandoverKind, HandoverState, Mail
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Withdrawal
from cpor_web.rules.roles import SYSTEM
from tests.support import claims
from tests.support.assessments import PASSED, deny, messages_of, passed, undo

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def kinds(session: Session, record: Assessment) -> list[str]:
    return [each.kind.value for each in messages_of(session, record)]


def test_what_has_passed_is_handed_over_once_and_rings_the_bell(db_session: Session, by_webhook: Programme) -> None:
    record = passed(db_session, by_webhook)

    (message,) = messages_of(db_session, record)
    assert (message.kind, message.sequence, message.state) == (HandoverKind.ASSESS, 1, HandoverState.QUEUED)
    assert message.due_at == PASSED
    rung = queue.rung(db_session)
    assert (queue.HAND_OVER in rung, queue.ASSESS in rung) == (True, False)


def test_the_message_says_what_is_to_be_assessed_and_nothing_of_the_contacts(
    db_session: Session, by_webhook: Programme
) -> None:
    record = passed(db_session, by_webhook)
    claim = record.claim

    (message,) = messages_of(db_session, record)

    assert claim.mpn_id
    assert message.body == {
        "type": "assess",
        "timestamp": "2026-11-25T09:00:00+00:00",
        "data": {
            "assessment": record.id,
            "sequence": 1,
            "why": "",
            "claim": claim.reference,
            "partner": claim.partner.name,
            "mpn_id": claim.mpn_id.number,
            "mpn_kind": "location",
            "tenant_id": str(claim.tenant_id),
            "subscription_id": "",
            "area": "microsoft-365",
            "activity": "usage",
            "programme": by_webhook.catalogue.areas["microsoft-365"].activities["usage"].programme,
            "products": ["intune", "teams"],
            "approved_at": "2026-11-16T09:00:00+00:00",
            "passed_at": "2026-11-25T09:00:00+00:00",
        },
    }
    text = json.dumps(message.body)
    assert not [each for each in claim.contacts if each.name in text or each.email in text]


@pytest.mark.parametrize("by", ["built-in", "csv"])
def test_nothing_is_handed_over_by_webhook_where_that_is_not_wanted(
    db_session: Session, programme: Programme, by: str
) -> None:
    other = replace(programme, assessor=by)
    record = passed(db_session, other)
    deny(db_session, other, record.claim)

    assert messages_of(db_session, record) == []
    assert record.ended_at is not None


def test_a_late_denial_is_exactly_one_correction_also_when_repeated(
    db_session: Session, by_webhook: Programme
) -> None:
    record = passed(db_session, by_webhook)

    for _ in range(3):
        deny(db_session, by_webhook, record.claim)
        assessment.end(db_session, record.claim, now=PASSED + DAY, programme=by_webhook, why="denied")

    assert kinds(db_session, record) == ["assess", "ended"]
    assert messages_of(db_session, record)[1].body["data"]["why"] == "denied"


def test_undoing_a_late_denial_is_exactly_one_restored_and_nothing_is_assessed_twice(
    db_session: Session, by_webhook: Programme
) -> None:
    record = passed(db_session, by_webhook)
    deny(db_session, by_webhook, record.claim)
    undo(db_session, by_webhook, record.claim)

    round_ = latest_round(db_session, record.claim)
    assert round_
    assert rounds.close(db_session, round_.id, now=PASSED + 20 * DAY, programme=by_webhook)

    assert kinds(db_session, record) == ["assess", "ended", "restored"]
    assert db_session.scalar(select(func.count()).select_from(Assessment)) == 1
    assert record.ended_at is None


def test_each_end_and_each_restoration_is_told(db_session: Session, by_webhook: Programme) -> None:
    record = passed(db_session, by_webhook)
    deny(db_session, by_webhook, record.claim)
    undo(db_session, by_webhook, record.claim)
    deny(db_session, by_webhook, record.claim, days=2)  # also while the window of the restored round still runs
    assert kinds(db_session, record) == ["assess", "ended", "restored", "ended"]
    assert record.ended_at is not None


def test_the_partners_request_is_a_correction(db_session: Session, by_webhook: Programme) -> None:
    record = passed(db_session, by_webhook)
    filer = record.claim.filed_by.actor
    operations.withdraw(
        db_session, record.claim, Withdrawal.CUSTOMER_LEFT, actor=filer, now=PASSED + DAY, programme=by_webhook
    )

    assert kinds(db_session, record) == ["assess", "ended"]
    assert messages_of(db_session, record)[1].body["data"]["why"] == "partner request"


def test_a_denial_within_the_window_is_no_correction(db_session: Session, by_webhook: Programme) -> None:
    claims.denied(db_session, by_webhook)
    db_session.flush()

    assert db_session.scalar(select(func.count()).select_from(Handover)) == 0


def test_what_waited_before_the_webhook_was_set_up_is_handed_over_once(
    db_session: Session, programme: Programme, by_webhook: Programme
) -> None:
    record, ended = passed(db_session, programme), passed(db_session, programme)
    deny(db_session, programme, ended.claim)
    db_session.flush()

    counted = [handover.put_waiting(db_session, now=PASSED, programme=by_webhook, most=10) for _ in range(2)]

    assert counted == [1, 0]
    assert kinds(db_session, record) == ["assess"]
    assert kinds(db_session, ended) == []


def test_what_was_restored_under_the_webhook_and_passed_before_it_is_still_sent_to_be_assessed(
    db_session: Session, programme: Programme, by_webhook: Programme
) -> None:
    record = passed(db_session, replace(programme, assessor="csv"))
    deny(db_session, by_webhook, record.claim)
    undo(db_session, by_webhook, record.claim)

    counted = [handover.put_waiting(db_session, now=PASSED, programme=by_webhook, most=10) for _ in range(2)]

    assert counted == [1, 0]
    assert "assess" in kinds(db_session, record)


# A result for what has ended meanwhile


def test_a_result_for_an_ended_association_is_told_to_the_partner_once_it_is_restored(
    db_session: Session, by_webhook: Programme
) -> None:
    record = passed(db_session, by_webhook)
    deny(db_session, by_webhook, record.claim)
    found = Result(record.id, AssessmentState.ELIGIBLE, [])
    told = select(func.count()).select_from(Mail).where(Mail.kind == "assessment-result")
    at = PASSED + DAY + MINUTE

    assert results.record(db_session, found, actor=SYSTEM, now=at, programme=by_webhook)
    db_session.flush()
    assert (record.state, db_session.scalar(told)) == (AssessmentState.ELIGIBLE, 0)

    undo(db_session, by_webhook, record.claim)
    db_session.flush()
    assert db_session.scalar(told) == 1
