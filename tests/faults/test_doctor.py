"""`cpor doctor` on a running installation: nothing is wrong with a healthy one, and what was broken is named."""

import json
import os
import subprocess
import sys

from cpor_web.clock import is_ahead, utcnow
from tests.support.installation import ROOT, Installation


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


def ahead(installation: Installation) -> set[str]:
    """Return what is ahead of the doctor's clock, the machine's, where a test has moved that of the processes."""
    return {"ticker"} if is_ahead(installation.now(), utcnow()) else set()


def test_a_healthy_installation_has_nothing_wrong_and_a_broken_one_is_named(installation: Installation) -> None:
    expected = ahead(installation)
    installation.eventually(lambda: wrong(installation) == expected, "nothing is wrong")
    with installation.without("web"):
        assert wrong(installation) == {"public address"} | expected
    installation.redis.stop()
    try:
        assert wrong(installation) == {"redis"} | expected
    finally:
        installation.redis.start()
