"""One process's clock is five minutes off: nothing closes before its printed end, and a denial until then counts."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.request import Request

from cpor_web.clock import utcnow
from tests.support import quick_claims
from tests.support.installation import Installation, set_forward

OFF = timedelta(minutes=5)
SECOND = timedelta(seconds=1)


@contextmanager
def _caught_up(installation: Installation) -> Iterator[None]:
    """Let all clocks come to where the one that was ahead has been: what it noted is due by that one."""
    try:
        yield
    finally:
        installation.forward(seconds=4 * OFF.total_seconds())


def test_a_worker_five_minutes_ahead_closes_nothing_before_the_end_and_denials_until_then_count(
    installation: Installation,
) -> None:
    claim, silent = quick_claims.running(installation), quick_claims.running(installation)
    button = str(installation.mail_to(claim.address).message["List-Unsubscribe"]).strip("<>")
    ahead = installation.folder / "clock-ahead"
    installation.forward(seconds=(claim.end - SECOND - installation.now()).total_seconds())
    set_forward(ahead, installation.now() + OFF - utcnow())
    with _caught_up(installation), installation.without("worker", clock_file=str(ahead)):
        installation.sweep()
        assert claim.round_state == silent.round_state == "running", "a window was closed before its printed end"
        person = installation.person().send(Request(button, b"List-Unsubscribe=One-Click", method="POST"))
        assert person.status == 200
        (denied,) = installation.query(
            "SELECT data FROM events WHERE claim_id = :id AND kind = 'consent:denied'", id=claim.id
        )
        assert not denied.data.get("late"), denied.data
        assert claim.status == "rejected"
        set_forward(ahead, installation.now() + 4 * OFF - utcnow())
        installation.eventually(lambda: silent.round_state == "passed", "the other window is closed")
        assert silent.status == "approved"
