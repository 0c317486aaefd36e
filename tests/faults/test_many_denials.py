"""Very many windows are due, several closers work them off, and meanwhile thousands of customers deny.

CPOR_TEST_CLAIMS makes it other than 100,000 claims, and the denials other than 6,000 with them. The closers are the
worker's own job, in processes of their own; they are killed once everybody has denied, and what they had not come to,
if anything, stays open.
"""

import multiprocessing
import os
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from cpor_web import create_app, verification
from cpor_web.clock import utcnow
from cpor_web.config import Settings
from cpor_web.consent.recording import Outcome
from cpor_web.customers.denying import denied
from cpor_web.extensions import db
from cpor_web.models import Invitation
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Way
from tests.support import due_windows
from tests.support.servers import Servers

CLAIMS = int(os.environ.get("CPOR_TEST_CLAIMS", "100000"))
DENIALS = CLAIMS * 6 // 100
NEAR = 3000
"""Two of three denials go to one of so many that are due longest, where the closers are at work meanwhile."""

CLOSERS, DENYING_PROCESSES, THREADS = 2, 2, 3

ENDS = """
    SELECT count(*) AS number, c.status, c.rejection, r.state, a.denied, a.late, e.passed, e.denied AS told,
        s.queued, s.ended, m.mails
    FROM claims c JOIN rounds r ON r.claim_id = c.id JOIN invitations i ON i.round_id = r.id
    CROSS JOIN LATERAL (SELECT count(*) AS denied, count(*) FILTER (WHERE is_late) AS late
        FROM answers WHERE invitation_id = i.id) a
    CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE kind = 'consent:passed') AS passed,
        count(*) FILTER (WHERE kind = 'consent:denied') AS denied FROM events WHERE claim_id = c.id) e
    CROSS JOIN LATERAL (SELECT count(*) AS queued, count(ended_at) AS ended FROM assessments WHERE claim_id = c.id) s
    CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE kind = 'denial-recorded') AS mails
        FROM mails WHERE claim_id = c.id) m
    GROUP BY 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
"""
OPEN = ("approved", None, "running", 0, 0, 0, 0, 0, 0, 0)
PASSED = ("approved", None, "passed", 0, 0, 1, 0, 1, 0, 0)
DENIED = ("rejected", "customer-decline", "denied", 1, 0, 0, 1, 0, 0, 1)
DENIED_LATE = ("rejected", "customer-decline", "denied", 1, 1, 1, 1, 1, 1, 1)
"""All that a claim can have come to. There is no closing beside a denial in time, and no denial beside another."""


@pytest.fixture
def house(running: Servers, settings: Settings, worker_number: int) -> Iterator[Settings]:
    """Settings with a database of this test's own, which holds all the claims."""
    from flask_migrate import upgrade

    own = replace(settings, database_url=running.new_database(f"cpor_many_{worker_number}"))
    app = create_app(own)
    with app.app_context():
        upgrade()
        db.engine.dispose()
    yield own
    running.new_database(f"cpor_many_{worker_number}")


def test_thousands_of_denials_against_closers_of_a_hundred_thousand_windows_leave_one_outcome_each(
    house: Settings,
) -> None:
    engine, chance = create_engine(house.database_url), random.Random(CLAIMS)
    due_windows.make(engine, Programme.from_settings(house), CLAIMS, at=utcnow() - timedelta(days=9))
    with engine.connect() as connection:
        ids = list(connection.scalars(text("SELECT id FROM invitations ORDER BY id")))
    denied = [ids[int(chance.expovariate(1 / NEAR)) % CLAIMS] for _ in range(DENIALS)]

    fresh = multiprocessing.get_context("spawn")
    closers = [fresh.Process(target=close_all, args=(house,)) for _ in range(CLOSERS)]
    for closer in closers:
        closer.start()
    try:
        shares = [denied[number::DENYING_PROCESSES] for number in range(DENYING_PROCESSES)]
        with ProcessPoolExecutor(DENYING_PROCESSES, mp_context=fresh) as pool:
            said = sum(pool.map(partial(deny_all, house), shares), Counter())
        assert all(closer.is_alive() for closer in closers), "they had ended before everybody had denied"
    finally:
        for closer in closers:
            closer.kill()
            closer.join()

    with engine.connect() as connection:
        ends = {tuple(row)[1:]: row.number for row in connection.execute(text(ENDS))}
    assert {PASSED, DENIED, DENIED_LATE} <= set(ends) <= {OPEN, PASSED, DENIED, DENIED_LATE}
    assert sum(ends.values()) == CLAIMS
    assert said == {
        Outcome.RECORDED: ends[DENIED],
        Outcome.LATE: ends[DENIED_LATE],
        Outcome.ALREADY: DENIALS - len(set(denied)),
    }
    with Session(engine) as session:
        sample = [f"M-{number}" for number in chance.sample(range(1, min(NEAR, CLAIMS)), 500)]
        assert verification.verify(session.connection(), folder=None, public={}, references=sample).findings == []
    engine.dispose()


def close_all(house: Settings) -> None:
    """Be a closer: the worker's job, over and over."""
    import jobs.due
    import jobs.windows

    app = create_app(house)
    jobs.due.app = lambda: app  # type: ignore[assignment, attr-defined]
    while True:
        jobs.windows.close_due()


def deny_all(house: Settings, invitation_ids: Sequence[int]) -> "Counter[Outcome]":
    """Deny through all these invitations as the web server does, several at a time."""
    deny = partial(_deny, create_app(house))
    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(pool.map(deny, invitation_ids))


def _deny(app: Flask, invitation_id: int) -> Outcome:
    with app.test_request_context():
        link_id = db.session.get_one(Invitation, invitation_id).link_id
        db.session.rollback()
        return denied(link_id, Denial.OTHER, Way.PAGE)
