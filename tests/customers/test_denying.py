"""Denials that come at the same time are recorded together; whatever gets in the way of that, each is recorded."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any
from unittest.mock import Mock

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from cpor_web.consent import at_once
from cpor_web.consent.at_once import Denying
from cpor_web.consent.recording import Outcome
from cpor_web.customers import denying
from cpor_web.models import AnswerKind
from cpor_web.programme import Programme
from cpor_web.transactions import InDoubt
from tests.consent.agreement import assert_agrees
from tests.customers.conftest import Asked, asked_about
from tests.customers.test_together import until
from tests.support import claims

Press = Callable[[Asked], "Future[int]"]


@pytest.fixture
def many(committed: Session, app: Flask, programme: Programme, now: Any) -> list[Asked]:
    """Four contacts of four claims."""
    return [asked_about(committed, app, claims.running(committed, programme, now=now)) for _each in range(4)]


@pytest.fixture
def press(app: Flask) -> Iterator[Press]:
    """Deny on the page of a link, in a thread of its own."""

    def deny(path: str) -> int:
        return app.test_client().post(path, data={"reason": "not-our-partner"}).status_code

    with ThreadPoolExecutor(8) as threads:
        yield lambda asked: threads.submit(deny, asked.path())


class Gate:
    """Stands before the recording of many: each waits until it may go on, and it knows how many each was."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.may_go_on = Event()
        self._record = at_once.deny_free

    def __call__(self, session: Session, many: Sequence[Denying], **about: Any) -> Sequence[Outcome | None]:
        self.calls.append(len(many))
        assert self.may_go_on.wait(60)
        return self._record(session, many, **about)

    def fail(self, error: Exception) -> None:
        """Have all fail that are recorded from now on."""
        self._record = Mock(side_effect=error)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate = Gate()
    monkeypatch.setattr(at_once, "deny_free", gate)
    return gate


def pressed_while_the_first_is_recorded(app: Flask, press: Press, gate: Gate, many: Sequence[Asked]) -> list[int]:
    waiting = app.extensions[denying.DENIALS]._waiting
    answers = [press(many[0])]
    until(lambda: len(gate.calls) == 1)
    answers += [press(each) for each in many[1:]]
    until(lambda: len(waiting) == len(many) - 1)
    gate.may_go_on.set()
    return [each.result(60) for each in answers]


def assert_all_are_denied(many: Sequence[Asked]) -> None:
    for each in many:
        each.fresh()
        assert [answer.kind for answer in each.invitation.answers] == [AnswerKind.DENIED]
        assert_agrees(each.session, each.claim)


def test_what_comes_while_one_is_recorded_is_recorded_together(
    app: Flask, many: list[Asked], press: Press, gate: Gate
) -> None:
    assert pressed_while_the_first_is_recorded(app, press, gate, many) == [303] * 4

    assert gate.calls == [1, 3]
    assert_all_are_denied(many)


def test_a_link_pressed_twice_at_once_is_one_denial(app: Flask, many: list[Asked], press: Press, gate: Gate) -> None:
    first, second, *_others = many

    said = pressed_while_the_first_is_recorded(app, press, gate, [first, second, second])

    assert sorted(said) == [200, 303, 303]
    assert gate.calls == [1, 2]
    assert_all_are_denied([first, second])


def test_what_cannot_be_recorded_together_is_recorded_one_by_one(
    app: Flask, many: list[Asked], press: Press, gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    gate.fail(ValueError("together"))

    assert pressed_while_the_first_is_recorded(app, press, gate, many) == [303] * 4

    assert_all_are_denied(many)
    assert "3 denials are recorded one by one" in caplog.text


def test_all_are_told_where_nobody_knows_whether_they_were_recorded(
    app: Flask, many: list[Asked], press: Press, gate: Gate
) -> None:
    gate.fail(InDoubt("the connection was lost over a commit"))

    assert pressed_while_the_first_is_recorded(app, press, gate, many) == [503] * 4
    assert many[0].answers() == []


def test_a_claim_that_somebody_holds_keeps_no_other_customer_waiting(
    many: list[Asked], press: Press, engine: Engine
) -> None:
    busy, *others = many
    with engine.connect() as reviewer:
        reviewer.execute(text("SELECT FROM claims WHERE id = :claim FOR UPDATE"), {"claim": busy.claim.id})

        waiting = press(busy)
        assert [press(each).result(60) for each in others] == [303] * 3
        assert not waiting.done()

    assert waiting.result(60) == 303
    assert_all_are_denied(many)


def test_who_has_waited_for_others_long_enough_goes_alone(
    app: Flask, many: list[Asked], press: Press, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(denying, "PATIENCE", 0.05)
    first, second, *_others = many
    stuck = press(first)
    until(lambda: len(gate.calls) == 1)

    assert press(second).result(60) == 303

    assert not stuck.done()
    gate.may_go_on.set()
    assert stuck.result(60) == 303
    assert gate.calls == [1]
    assert_all_are_denied([first, second])
