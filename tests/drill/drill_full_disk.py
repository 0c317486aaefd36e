"""The disk of PostgreSQL, or of counts, is full under work, on one of its own that really is: root may mount one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request

import pytest

from cpor_web.embedded.exc import StartError
from cpor_web.embedded.postgres import EmbeddedPostgres
from cpor_web.paths import COUNTS
from tests.drill.conftest import Tell
from tests.support import quick_claims
from tests.support.installation import Installation

SIZE_MIB, CLAIMS = 320, 40
PRESS = b"List-Unsubscribe=One-Click"


@contextmanager
def disk(folder: Path) -> Iterator[Path]:
    """A disk of some hundred MiB."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m,mode=755", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(ballast: Path) -> int:
    """Write until nothing more fits, and return how many bytes did."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 65536)
        except OSError:
            return file.tell()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a disk to fill")
@pytest.mark.timeout(900)
def test_what_was_answered_stands_and_all_goes_on_once_there_is_room(tmp_path: Path, tell: Tell) -> None:
    with disk(tmp_path / "disk") as small, EmbeddedPostgres(small, fsync=False) as postgres:
        postgres.create_database("cpor")
        with Installation(postgres.url("cpor"), tmp_path / "house") as house:
            claims = [quick_claims.running(house) for _ in range(CLAIMS)]
            buttons = [str(house.mail_to(each.address).message["List-Unsubscribe"]).strip("<>") for each in claims]
            processes = {name: house.pid_of(name) for name in ("web", "worker", "ticker")}
            tell(f"{fill(small / 'ballast') / 2**20:.0f} MiB of ballast: the disk is full")

            statuses = [house.person().send(Request(each, PRESS, method="POST")).status for each in buttons]
            ready = house.person().open("/readyz").status
            tell(f"{CLAIMS} denials: {statuses.count(200)} recorded, {statuses.count(503)} told 503; /readyz {ready}")
            assert set(statuses) <= {200, 503}, "somebody was told something else"
            assert ready == (200 if postgres.pid else 503)

            (small / "ballast").unlink()
            if postgres.pid is None:
                tell("PostgreSQL has stopped itself; its supervisor starts it")
                house.eventually(lambda: _starts(postgres), "PostgreSQL is back")
                house.engine.dispose()
            house.eventually(lambda: house.person().open("/readyz").status == 200, "it is ready again")
            for claim, status in zip(claims, statuses, strict=True):
                assert (claim.status == "rejected") == (status == 200), "the answer said something else"
            for claim, button in zip(claims, buttons, strict=True):
                assert house.person().send(Request(button, PRESS, method="POST")).status == 200
                assert claim.status == "rejected"
            house.forward(minutes=11)
            house.all_mail_is_out()
            assert {name: house.pid_of(name) for name in processes} == processes
            tell("room again: every denial stands, those that were refused were taken, all mail is out")


COUNTING = """
from cpor_web.web.measures import Requests
counts = Requests()
for number in range(1000):
    counts.note(f"an.endpoint.{number}", "GET", 200, 0.1)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a disk to fill")
def test_a_process_that_finds_no_room_to_count_in_lives_on_and_says_so(tmp_path: Path) -> None:
    with disk(tmp_path / "disk") as small:
        fill(small / "ballast")
        env, command = os.environ | {COUNTS: str(small)}, [sys.executable, "-c", COUNTING]
        counting = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert counting.returncode == 0, "the kernel killed it"
        assert counting.stderr.splitlines() == ["requests are not counted: OSError"]


def _starts(postgres: EmbeddedPostgres) -> bool:
    try:
        postgres.start()
    except StartError:
        return False
    return True
