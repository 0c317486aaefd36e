"""The whole life of a claim within seconds, without moving the clock: periods can be fractions, for trying it out."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.support.cast import Cast, link_in
from tests.support.installation import Installation
from tests.support.installation_fixtures import start
from tests.support.servers import Servers

DAYS = 0.00004
"""Three and a half seconds to deny."""


@pytest.fixture
def installation(
    running: Servers, worker_number: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An installation with tiny periods."""
    tiny = {"consent_days": f"{DAYS:f}", "consent_grace": "1", "clock_file": ""}
    with start("fractions", running, worker_number, tmp_path_factory, **tiny) as started:
        yield started


def test_two_claims_live_their_whole_lives_in_real_time(installation: Installation) -> None:
    silent = Cast.gather(installation).file().approve()
    denied = Cast.gather(installation).file().approve()
    link = link_in(installation.mail_to(denied.carla_address, "You can deny it"), "d")
    installation.person().open(link).press("Deny this association", {"Why do you deny it?": "Not our partner"})

    installation.mail_to(silent.ines_address, "Eligible for incentives")
    assert silent.status_words("Approved", "The consent period has passed")
    assert denied.status_words("Rejected", "Customer decline")
    ((taken, ends, closed),) = installation.query(
        "SELECT i.taken_at, r.ends_at, r.closed_at FROM rounds r JOIN invitations i ON i.round_id = r.id"
        " JOIN claims c ON c.id = r.claim_id WHERE c.reference = :reference",
        reference=silent.reference,
    )
    assert ends - taken == timedelta(days=DAYS)
    assert (closed - ends).total_seconds() >= 1, "it was closed within its grace"
