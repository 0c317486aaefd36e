"""What is to be done only so often is, by whose clock ever it was done last."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

import jobs.upkeep
from cpor_web.claims import reminders
from cpor_web.clock import CLOCKS_APART, utcnow
from jobs import seldom

EVERY = timedelta(seconds=30)
SECOND = timedelta(seconds=1)


def is_time(app: Flask) -> bool:
    with app.app_context():
        return seldom.is_time("a-round", every=EVERY)


def test_what_was_begun_is_begun_again_after_its_time(work: Flask) -> None:
    with time_machine.travel(utcnow(), tick=False) as clock:
        assert is_time(work)
        clock.shift(EVERY - SECOND)
        assert not is_time(work)
        clock.shift(SECOND)
        assert is_time(work)


@pytest.mark.parametrize(("ahead", "is_begun"), [(CLOCKS_APART, False), (CLOCKS_APART + SECOND, True)])
def test_what_a_clock_began_that_was_ahead_is_begun_as_soon_as_it_is_right_again(
    work: Flask, ahead: timedelta, is_begun: bool
) -> None:
    with time_machine.travel(utcnow(), tick=False) as clock:
        clock.shift(ahead)
        assert is_time(work)
        clock.shift(-ahead)
        assert is_time(work) is is_begun
        assert not is_time(work), "it has just begun"


def test_the_digest_is_of_no_later_day_than_the_databases(work: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(jobs.upkeep, "app", lambda: work)
    monkeypatch.setattr(reminders, "send_digest", lambda _session, *, now, programme: asked.append(now))
    with time_machine.travel(utcnow() + timedelta(days=1)):
        jobs.upkeep.digest()
    (now,) = asked
    assert now <= utcnow()
