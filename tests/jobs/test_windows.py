"""What is due is done, each in a transaction of its own: one that fails never stops the rest."""

import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

import jobs.due
import jobs.turn
import jobs.windows
from cpor_web import assessment
from cpor_web.claims import lapsing
from cpor_web.consent import answers, rounds
from cpor_web.extensions import bell
from cpor_web.models import Assessment, AssessmentState, Claim, Event, Holding, Mail, MailState, Round, RoundState
from cpor_web.programme import Programme
from cpor_web.queue import CLOSE_WINDOWS
from cpor_web.rules.reasons import Rejection
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from cpor_web.silence import holding
from tests.support import claims, factories
from tests.support.claims import NOW

LATE = NOW + timedelta(days=10)


@pytest.fixture(autouse=True)
def _in_process(app: Flask, committed: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The jobs run in the test's process, in the suite's application."""
    monkeypatch.setattr(jobs.due, "app", lambda: app)


def run(job: Any, at: datetime = LATE) -> None:
    with time_machine.travel(at, tick=False):
        job()


def made(session: Session, programme: Programme, make: Any, count: int = 3) -> list[Claim]:
    filer = factories.user(session)
    several = [make(session, programme, filer=filer) for _ in range(count)]
    session.commit()
    return several


def fresh(session: Session, table: Any) -> list[Any]:
    session.rollback()
    return list(session.scalars(select(table).order_by(table.id).execution_options(populate_existing=True)))


def failing(module: Any, name: str, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a verb fail for one id, after it has done its work and before the commit."""
    verb = getattr(module, name)

    def fails_once(session: Session, id_: int, **how: Any) -> Any:
        done = verb(session, id_, **how)
        if id_ == number:
            raise RuntimeError("this one cannot be done")
        return done

    fails_once.__qualname__ = name
    monkeypatch.setattr(module, name, fails_once)


def test_windows_that_are_due_are_closed_and_the_others_not(committed: Session, programme: Programme) -> None:
    made(committed, programme, claims.running)
    filer = factories.user(committed)
    claims.running(committed, programme, filer=filer, now=LATE)
    claims.approved(committed, programme, filer=filer)
    committed.commit()
    run(jobs.windows.close_due)
    states = [round_.state for round_ in fresh(committed, Round)]
    assert states == [RoundState.PASSED] * 3 + [RoundState.RUNNING, RoundState.WAITING]
    assert {claim.status for claim in fresh(committed, Claim)} == {Status.APPROVED}


def test_a_window_that_cannot_be_closed_never_stops_the_rest_and_is_due_again(
    committed: Session, programme: Programme, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made(committed, programme, claims.running)
    first, *_ = fresh(committed, Round)
    with monkeypatch.context() as patched:
        failing(rounds, "close", first.id, patched)
        run(jobs.windows.close_due)
    states = [round_.state for round_ in fresh(committed, Round)]
    assert states == [RoundState.RUNNING, RoundState.PASSED, RoundState.PASSED]
    assert f"close failed on {first.id}" in caplog.text
    kinds = committed.scalars(select(Event.kind).where(Event.claim_id == first.claim_id)).all()
    assert "consent:passed" not in kinds, "nothing of what failed is left"
    run(jobs.windows.close_due)
    assert {round_.state for round_ in fresh(committed, Round)} == {RoundState.PASSED}


def test_a_job_that_runs_twice_does_its_work_once(committed: Session, programme: Programme) -> None:
    made(committed, programme, claims.running, count=1)
    for _ in range(2):
        run(jobs.windows.close_due)
        run(jobs.windows.assess_due)
    kinds = [event.kind for event in fresh(committed, Event)]
    assert (kinds.count("consent:passed"), kinds.count("assessment:assessed")) == (1, 1)


def test_more_than_a_look_takes_are_all_done(
    committed: Session, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs.due, "MOST", 2)
    made(committed, programme, claims.running, count=5)
    run(jobs.windows.close_due)
    assert {round_.state for round_ in fresh(committed, Round)} == {RoundState.PASSED}


@pytest.mark.parametrize("why", ["the time is up", "the worker is told to stop"])
def test_what_is_left_when_the_turn_is_over_is_rung_for_and_done_in_the_next(
    committed: Session, programme: Programme, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(bell, "ring", rung.append)
    monkeypatch.setattr(jobs.due, "TOGETHER", 2)
    made(committed, programme, claims.running, count=5)
    close = rounds.close

    def is_the_last_of_the_turn(session: Session, id_: int, **how: Any) -> bool:
        if why == "the time is up":
            monkeypatch.setattr(jobs.turn, "time", SimpleNamespace(monotonic=lambda: 1e12))
        else:
            jobs.turn.told_to_stop.set()
        return close(session, id_, **how)

    with monkeypatch.context() as turn:
        turn.setattr(jobs.turn, "told_to_stop", threading.Event())
        turn.setattr(rounds, "close", is_the_last_of_the_turn)
        run(jobs.windows.close_due)
    assert [round_.state for round_ in fresh(committed, Round)].count(RoundState.PASSED) == 2
    assert rung.count(CLOSE_WINDOWS) == 1
    monkeypatch.setattr(jobs.turn, "time", time)
    run(jobs.windows.close_due)
    assert {round_.state for round_ in fresh(committed, Round)} == {RoundState.PASSED}
    assert rung.count(CLOSE_WINDOWS) == 1


def test_more_that_fail_than_a_look_takes_never_keep_the_rest_waiting(
    committed: Session, programme: Programme, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(jobs.due, "MOST", 2)
    made(committed, programme, claims.running, count=7)
    broken = {round_.id for round_ in fresh(committed, Round)[:4]}
    close = rounds.close

    def fails_on_the_first(session: Session, id_: int, **how: Any) -> bool:
        if id_ in broken:
            raise RuntimeError("this one cannot be done")
        return close(session, id_, **how)

    monkeypatch.setattr(rounds, "close", fails_on_the_first)
    run(jobs.windows.close_due)
    states = [round_.state for round_ in fresh(committed, Round)]
    assert states == [RoundState.RUNNING] * 4 + [RoundState.PASSED] * 3
    assert caplog.text.count(" failed on ") == 4, "one that failed was tried again in the same sweep"


@pytest.mark.parametrize(
    ("make", "job"),
    [(claims.running, jobs.windows.close_due), (claims.partner_action_required, jobs.windows.lapse_due)],
    ids=["windows", "deadlines"],
)
def test_while_closing_is_held_a_sweep_closes_nothing_and_ends(
    committed: Session, programme: Programme, make: Any, job: Any
) -> None:
    made(committed, programme, make)
    committed.add(Holding(began_at=NOW, notices=10, failed=5))
    committed.commit()
    before = [(row.state, row.closed_at) for row in fresh(committed, Round)]
    run(job)
    assert [(row.state, row.closed_at) for row in fresh(committed, Round)] == before
    assert Status.REJECTED not in {claim.status for claim in fresh(committed, Claim)}


def test_a_look_that_waits_for_a_lock_for_too_long_is_a_line_in_the_log_and_comes_again(
    committed: Session, programme: Programme, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made(committed, programme, claims.running, 1)
    watch = holding.watch

    def in_a_hurry(session: Session, **how: Any) -> Holding | None:
        session.execute(text("SET LOCAL lock_timeout = '20ms'"))
        return watch(session, **how)

    monkeypatch.setattr(holding, "watch", in_a_hurry)
    committed.execute(select(func.pg_advisory_xact_lock(holding.LOCK)))
    run(jobs.windows.close_due)
    (line,) = caplog.records
    assert (line.levelname, line.exc_info) == ("WARNING", None)
    assert "the next tick looks again" in line.message
    (round_,) = fresh(committed, Round)  # lets go of the lock, too
    assert round_.state is RoundState.RUNNING
    run(jobs.windows.close_due)
    assert [each.state for each in fresh(committed, Round)] == [RoundState.PASSED]


def test_a_burst_that_was_recorded_before_the_sweep_holds_it(
    app: Flask, committed: Session, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(committed, programme, claims.running)
    factories.user(committed, Role.ADMINISTRATOR)
    for mail in committed.scalars(select(Mail).where(Mail.kind == "consent-notice")):
        mail.state, mail.bounced_at = MailState.BOUNCED, LATE  # noted without a look at how many there are
    committed.commit()
    monkeypatch.setitem(app.extensions, "programme", replace(programme, hold_count=3))
    run(jobs.windows.close_due)
    assert {round_.state for round_ in fresh(committed, Round)} == {RoundState.RUNNING}
    (begun,) = fresh(committed, Holding)
    assert (begun.notices, begun.failed, begun.began_at) == (3, 3, LATE)


def test_partners_who_let_their_deadline_pass_lapse_and_one_that_fails_stops_none(
    committed: Session, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_ = made(committed, programme, claims.partner_action_required)
    with monkeypatch.context() as patched:
        failing(lapsing, "lapse", first.id, patched)
        run(jobs.windows.lapse_due)
    assert [claim.rejection for claim in fresh(committed, Claim)] == [
        None,
        Rejection.NO_PARTNER_RESPONSE,
        Rejection.NO_PARTNER_RESPONSE,
    ]
    run(jobs.windows.lapse_due)
    assert {claim.status for claim in fresh(committed, Claim)} == {Status.REJECTED}


def test_a_missing_contact_lapses_too(committed: Session, programme: Programme) -> None:
    claim = claims.running(committed, programme)
    (invitation,) = claims.invitations_of(committed, claim)
    answers.not_the_right_person(committed, invitation, now=NOW, programme=programme)
    invitation.round.contact_due_at, invitation.round.contact_rule = NOW, {"period": "contact"}
    committed.commit()
    run(jobs.windows.lapse_due)
    (lapsed,), (round_,) = fresh(committed, Claim), fresh(committed, Round)
    assert (lapsed.rejection, round_.state) == (Rejection.NO_PARTNER_RESPONSE, RoundState.ENDED)


def test_what_waits_is_assessed_and_one_that_fails_stops_none(
    committed: Session, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(committed, programme, claims.running)
    run(jobs.windows.close_due)
    first, *_ = fresh(committed, Assessment)
    with monkeypatch.context() as patched:
        failing(assessment, "assess", first.id, patched)
        run(jobs.windows.assess_due)
    assert [record.state for record in fresh(committed, Assessment)] == [
        AssessmentState.QUEUED,
        AssessmentState.ELIGIBLE,
        AssessmentState.ELIGIBLE,
    ]
    run(jobs.windows.assess_due)
    assert {record.state for record in fresh(committed, Assessment)} == {AssessmentState.ELIGIBLE}
