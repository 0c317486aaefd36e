"""The history of a running installation is signed by its worker, and verifies, whatever was killed meanwhile."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from cpor_web import history
from cpor_web.history import checkpoints
from cpor_web.models import Claim
from cpor_web.rules.roles import SYSTEM
from tests.support.cast import Cast
from tests.support.installation import ROOT, Installation

WRITERS, EACH = 4, 25


def verify(installation: Installation) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "cpor_web", "history", "verify"]
    env = os.environ | installation.env
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=300)


def test_the_worker_signs_every_hour_and_makes_good_what_is_missing_outside(installation: Installation) -> None:
    folder = installation.folder / "checkpoints"
    Cast.gather(installation).file().approve()
    installation.eventually(lambda: folder.is_dir() and checkpoints.numbers_in(folder), "a checkpoint is outside")
    newest = max(checkpoints.numbers_in(folder))
    installation.kill("worker")
    checkpoints.path_of(folder, newest).unlink()
    installation.start("worker")
    installation.forward(hours=2)  # the newest may be by a clock that was ahead
    installation.eventually(lambda: {newest, newest + 1} <= checkpoints.numbers_in(folder), "both are there")
    told = verify(installation)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "Nothing was changed" in told.stdout


def test_many_who_append_to_one_claim_at_once_make_one_chain_while_it_is_verified(installation: Installation) -> None:
    Cast.gather(installation).file()
    (row,) = installation.query("SELECT max(id) AS id FROM claims")

    def write(engine: Engine) -> None:
        for _ in range(EACH):
            with Session(engine) as session:
                claim = session.get_one(Claim, row.id)
                history.append(session, claim, "claim:edited", actor=SYSTEM, now=installation.now())
                session.commit()

    with ThreadPoolExecutor(WRITERS) as pool:
        writing = [pool.submit(write, installation.engine) for _ in range(WRITERS)]
        assert verify(installation).returncode == 0
        for each in writing:
            each.result()
    assert verify(installation).returncode == 0
    (counted,) = installation.query(
        "SELECT count(*) AS events FROM events WHERE claim_id = :id AND kind = 'claim:edited'", id=row.id
    )
    assert counted.events == WRITERS * EACH
