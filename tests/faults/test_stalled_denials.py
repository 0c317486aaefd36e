"""A denial that arrives in time and is held up in the database: it wins, or its sender is told that it did not.

The grace is twice the shortest that a request's limits fit into: fourteen seconds, of which a statement may take 11.2
and wait for a row for 5.6. So there is time to see that somebody waits, on a busy machine too.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.request import Request

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from cpor_web.consent import closing
from cpor_web.models import Round
from tests.support import installation_fixtures, quick_claims
from tests.support.cast import link_in
from tests.support.installation import Installation
from tests.support.quick_claims import QuickClaim
from tests.support.servers import Servers

GRACE = 14
WITHIN_LIMIT = 3
"""Seconds of a wait for a row, which may take 5.6: the rest is for a busy machine to see that it waits."""

ROWS = {
    "claims": "SELECT 1 FROM claims WHERE id = :id FOR UPDATE",
    "rounds": "SELECT 1 FROM rounds WHERE claim_id = :id FOR UPDATE",
    "history_heads": "SELECT 1 FROM history_heads WHERE claim_id = :id FOR UPDATE",
    "invitations": "SELECT 1 FROM invitations i JOIN rounds r ON r.id = round_id WHERE claim_id = :id"
    " FOR UPDATE OF i",
}
"""What a denial waits for, in its order."""

HELD_UP = "SELECT pid FROM pg_stat_activity WHERE :pid = ANY (pg_blocking_pids(pid))"


@pytest.fixture(scope="module")
def house(running: Servers, worker_number: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation with a short grace, two closers and two tickers."""
    told = {"consent_grace": str(GRACE), "workers": "2"}
    with installation_fixtures.start("stalled", running, worker_number, tmp_path_factory, **told) as started:
        started.start("ticker2")
        yield started


def test_a_denial_that_arrives_before_the_printed_end_wins_though_it_stalls_until_others_close(
    house: Installation,
) -> None:
    claim = quick_claims.running(house)
    button = _button(house, claim)
    with ExitStack() as stack, ThreadPoolExecutor(1) as pool:
        *early, last = [stack.enter_context(_in_the_way(house, claim, table)) for table in ROWS]
        _go_to(house, claim, seconds_before_the_end=8)  # however long it takes to arrive on a busy machine
        denial = pool.submit(_press, house, button)
        for number, each in enumerate(early):
            _wait_for_the_denial(house, each, denial)
            if number == 1:  # the claim's own row is the denial's: from here on the closers pass it over
                _go_to(house, claim, seconds_before_the_end=-GRACE)
            each.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": WITHIN_LIMIT})
            each.rollback()
        _wait_for_the_denial(house, last, denial)
        assert _is_passed_over(house, claim), "a closer could close it over the denial"
        assert house.now() > claim.end
        last.rollback()
        assert denial.result() == 200
    house.sweep()
    assert claim.status == "rejected"
    assert claim.round_state == "denied"
    (said,) = _denials(claim)
    assert said.at <= claim.end
    assert not said.is_late
    assert not house.query("SELECT 1 FROM assessments WHERE claim_id = :id", id=claim.id)


@pytest.mark.parametrize("table", ["claims", "history_heads"])
def test_a_denial_that_stalls_past_the_limit_is_told_so_and_is_late_once_the_window_is_closed(
    house: Installation, table: str
) -> None:
    claim = quick_claims.running(house)
    customer = house.person().open(link_in(house.mail_to(claim.address), "d"))
    button = _button(house, claim)
    _go_to(house, claim, seconds_before_the_end=600)
    before = house.settled_rows()
    _go_to(house, claim, seconds_before_the_end=2)
    with _in_the_way(house, claim, table):
        customer.press("Deny this association", {"Why do you deny it?": "Other"})
        assert customer.status == 503
        assert customer.sees("Not available for the moment", "Nothing was changed. Try again in a few minutes.")
        assert house.rows() == before
    house.forward(seconds=GRACE)
    house.eventually(lambda: claim.round_state == "passed", "the window is closed")
    assert _press(house, button) == 200
    (said,) = _denials(claim)
    assert said.is_late
    assert claim.status == "rejected"
    (assessment,) = house.query("SELECT ended_at FROM assessments WHERE claim_id = :id", id=claim.id)
    assert assessment.ended_at is not None


@contextmanager
def _in_the_way(house: Installation, claim: QuickClaim, table: str) -> Iterator[Connection]:
    """Hold a row of the claim until the end of the block, or of the transaction."""
    with house.engine.connect() as connection:
        connection.execute(text("SET lock_timeout = '30s'"))
        connection.execute(text(ROWS[table]), {"id": claim.id})
        yield connection


def _wait_for_the_denial(house: Installation, held: Connection, denial: "Future[int]") -> None:
    """Return once the denial waits for what `held` holds."""
    pid = held.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]

    def is_waiting() -> bool:
        assert not denial.done(), f"it did not wait: {denial.result()}"
        return bool(house.query(HELD_UP, pid=pid))

    house.eventually(is_waiting, "the denial waits for a row")


def _is_passed_over(house: Installation, claim: QuickClaim) -> bool:
    """Tell whether a closer that comes now leaves the claim to who has it."""
    with Session(house.engine) as session:
        round_ = session.scalar(select(Round.id).where(Round.claim_id == claim.id))
        assert round_ is not None
        with closing.together(session, [round_]) as (held, alone):
            return not held and not alone


def _go_to(house: Installation, claim: QuickClaim, *, seconds_before_the_end: float) -> None:
    house.forward(seconds=(claim.end - house.now()).total_seconds() - seconds_before_the_end)


def _button(house: Installation, claim: QuickClaim) -> str:
    return str(house.mail_to(claim.address).message["List-Unsubscribe"]).strip("<>")


def _press(house: Installation, button: str) -> int:
    return house.person().send(Request(button, b"List-Unsubscribe=One-Click", method="POST")).status


def _denials(claim: QuickClaim) -> list[Any]:
    of_the_claim = (
        "SELECT a.at, a.is_late FROM answers a JOIN invitations i ON i.id = a.invitation_id"
        " JOIN rounds r ON r.id = i.round_id WHERE r.claim_id = :id"
    )
    return list(claim.installation.query(of_the_claim, id=claim.id))
