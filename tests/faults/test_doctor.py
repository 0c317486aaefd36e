"""`cpor doctor` on a running installation: nothing is wrong with a healthy one, and what was broken is named."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.installation import ROOT, Installation
from tests.support.installation_fixtures import start
from tests.support.servers import Servers


@pytest.fixture(scope="module")
def installation(
    running: Servers, worker_number: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """One of its own: where other tests were, clocks went ahead, and documents were made up that lie nowhere."""
    with start("doctor", running, worker_number, tmp_path_factory) as started:
        yield started


def wrong(installation: Installation) -> set[str]:
    """Return what the doctor finds wrong, as the command tells it."""
    told = subprocess.run(
        [sys.executable, "-m", "cpor_web", "doctor", "--json"],
        env=os.environ | installation.env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert not told.stderr, told.stderr
    found = json.loads(told.stdout)
    assert told.returncode == found["exit"] in {1, 2}  # an installation for tests has what is to be looked at
    return {each["about"] for each in found["findings"] if each["mark"] == "wrong"}


def test_a_healthy_installation_has_nothing_wrong_and_a_broken_one_is_named(installation: Installation) -> None:
    installation.eventually(lambda: not wrong(installation), "nothing is wrong")
    with installation.without("web"):
        assert wrong(installation) == {"public address"}
    installation.redis.stop()
    try:
        assert wrong(installation) == {"redis"}
    finally:
        installation.redis.start()
