"""The job that posts, from the window's end to the assessor's server and back, with real connections."""

import socket
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.models import Assessment, AssessmentState, Breaker, Handover, HandoverState
from cpor_web.programme import Programme
from jobs.handover import deliver
from jobs.windows import assess_due
from tests.support.assessments import deny, messages_of, passed, undo
from tests.support.assessor_server import SECRET, AssessorServer


def afresh(session: Session, record: Assessment) -> list[Handover]:
    session.rollback()
    session.expire_all()
    return messages_of(session, record)


def make_due(session: Session) -> None:
    """Commit, and let time pass until everything is due."""
    session.commit()
    session.expire_all()
    for each in session.scalars(select(Handover).where(Handover.due_at.is_not(None))):
        each.due_at = clock.utcnow() - timedelta(seconds=1)
    for pause in session.scalars(select(Breaker)):
        session.delete(pause)
    session.commit()


def test_all_messages_of_an_assessment_arrive_signed_and_in_order(
    work: Flask, committed: Session, by_webhook: Programme, assessor: AssessorServer
) -> None:
    record = passed(committed, by_webhook)
    deny(committed, by_webhook, record.claim)
    undo(committed, by_webhook, record.claim)
    make_due(committed)

    deliver()

    assert assessor.told == [("assess", 1), ("ended", 2), ("restored", 3)]
    messages = afresh(committed, record)
    assert [each.state for each in messages] == [HandoverState.DELIVERED] * 3
    assert [each.headers["Idempotency-Key"] for each in assessor.received] == [each.key for each in messages]
    assert [each.headers["webhook-id"] for each in assessor.received] == [each.key for each in messages]
    assert {each.headers["Content-Type"] for each in assessor.received} == {"application/json"}
    deliver()
    assert len(assessor.received) == 3


def test_a_failure_is_repeated_under_the_same_key_before_anything_that_follows(
    work: Flask, committed: Session, by_webhook: Programme, assessor: AssessorServer
) -> None:
    record = passed(committed, by_webhook)
    deny(committed, by_webhook, record.claim)
    make_due(committed)
    assessor.answers = [500, 307]

    for _ in range(3):
        deliver()
        make_due(committed)

    assert assessor.told == [("assess", 1), ("assess", 1), ("assess", 1), ("ended", 2)]
    assert len({each.headers["Idempotency-Key"] for each in assessor.received}) == 2
    assert [each.state for each in afresh(committed, record)] == [HandoverState.DELIVERED] * 2


def test_a_key_that_the_assessor_does_not_know_delivers_nothing(
    work: Flask, committed: Session, by_webhook: Programme, assessor: AssessorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = work.extensions["settings"]
    monkeypatch.setitem(
        work.extensions, "settings", replace(settings, assessment_secrets=("bm90IHRoZSBrZXkgb2YgdGhlIHNlcnZlcg==",))
    )
    record = passed(committed, by_webhook)
    make_due(committed)

    deliver()

    (message,) = afresh(committed, record)
    assert (message.state, message.answer[:3]) == (HandoverState.DEFERRED, "401")

    both = replace(settings, assessment_secrets=("bm90IHRoZSBrZXkgb2YgdGhlIHNlcnZlcg==", SECRET))
    monkeypatch.setitem(work.extensions, "settings", both)
    make_due(committed)
    deliver()
    assert [each.state for each in afresh(committed, record)] == [HandoverState.DELIVERED]


def test_while_the_assessor_is_away_one_message_is_tried_and_the_others_wait(
    work: Flask, committed: Session, by_webhook: Programme, assessor: AssessorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    settings = work.extensions["settings"]
    monkeypatch.setitem(work.extensions, "settings", replace(settings, assessment_url=nowhere))
    for _ in range(3):
        passed(committed, by_webhook)
    make_due(committed)

    deliver()
    deliver()

    committed.rollback()
    committed.expire_all()
    assert sorted(each.attempts for each in committed.scalars(select(Handover))) == [0, 0, 1]
    assert [each.leased_until for each in committed.scalars(select(Handover))] == [None] * 3
    pause = committed.scalars(select(Breaker)).one()
    assert (pause.name, pause.failures) == ("assessor", 1)

    monkeypatch.setitem(work.extensions, "settings", settings)
    make_due(committed)
    deliver()
    assert len(assessor.received) == 3
    committed.rollback()
    assert committed.scalars(select(Breaker)).all() == []


def test_what_waited_before_the_webhook_was_set_up_is_delivered(
    work: Flask, committed: Session, programme: Programme, assessor: AssessorServer
) -> None:
    passed(committed, replace(programme, assessor="built-in"))
    make_due(committed)

    deliver()

    assert assessor.told == [("assess", 1)]


@pytest.mark.parametrize("by", ["webhook", "csv", "built-in"])
def test_the_built_in_assessor_judges_only_where_it_is_the_assessor(
    work: Flask, committed: Session, by_webhook: Programme, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    told = replace(by_webhook, assessor=by)
    monkeypatch.setitem(work.extensions, "programme", told)
    record = passed(committed, told)
    make_due(committed)

    assess_due()

    committed.rollback()
    committed.refresh(record)
    assert (record.state is AssessmentState.QUEUED) == (by != "built-in")


@pytest.mark.parametrize("by", ["csv", "built-in"])
def test_nothing_is_posted_unless_by_webhook(
    work: Flask,
    committed: Session,
    by_webhook: Programme,
    assessor: AssessorServer,
    monkeypatch: pytest.MonkeyPatch,
    by: str,
) -> None:
    passed(committed, by_webhook)
    make_due(committed)
    monkeypatch.setitem(work.extensions, "settings", replace(work.extensions["settings"], assessor=by))

    deliver()

    assert assessor.received == []
