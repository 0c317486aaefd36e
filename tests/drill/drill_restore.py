"""The restore drill: a backup is taken in the midst of work, the machine is lost, and another one goes on.

What is counted in the end: rows, history, checkpoints, documents, and copies of each mail over both lives.
"""

import hashlib
import io
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from urllib.request import Request

import pytest
from sqlalchemy import create_engine, text

from cpor_web.embedded.postgres import find_binaries
from cpor_web.proofs import DocumentStore
from tests.drill.conftest import Tell
from tests.support import quick_claims
from tests.support.cast import Cast, link_in
from tests.support.installation import ROOT, Installation
from tests.support.quick_claims import QuickClaim
from tests.support.servers import Servers

CLAIMS, WAITING, READERS = 25, 6, 120
WITHIN = 300.0
"""Seconds that the new machine's processes have to start and to sweep, also where much else runs."""


def cpor(house: Installation, *arguments: str, **settings: str) -> str:
    """Run the command as the owner of the tables, and return what it prints."""
    given = {"database_url": house.engine.url.render_as_string(hide_password=False), "pg_bin": str(find_binaries())}
    env = os.environ | house.env | {f"CPOR_{name.upper()}": text for name, text in (given | settings).items()}
    done = subprocess.run(
        [sys.executable, "-m", "cpor_web", *arguments], cwd=ROOT, env=env, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def deny(house: Installation, claim: QuickClaim) -> int:
    """Press the mail program's own button."""
    button = str(house.mail_to(claim.address).message["List-Unsubscribe"]).strip("<>")
    return house.person().send(Request(button, b"List-Unsubscribe=One-Click", method="POST")).status


@pytest.mark.timeout(900)
def test_the_machine_is_lost_and_another_one_goes_on_from_the_backup(
    running: Servers, worker_number: int, tmp_path: Path, tell: Tell
) -> None:
    backup = tmp_path / "backup"
    with ExitStack() as stack:
        lost = stack.enter_context(
            Installation(running.new_database(f"cpor_lost_{worker_number}"), tmp_path / "lost", workers="2")
        )
        cast = Cast.gather(lost).file().approve()
        notice = cast.notice()
        silent = [quick_claims.running(lost) for _ in range(CLAIMS)]
        lost.eventually(lambda: lost.query("SELECT 1 FROM checkpoints"), "a checkpoint is taken")
        lost.all_mail_is_out()

        lost.smtp.stop()
        waiting = [quick_claims.approved(lost) for _ in range(WAITING)]
        readers = quick_claims.queue_mails(silent[0], READERS, "readers.example.org")
        _give_them_proof(lost)
        at_work = threading.Thread(target=lambda: [deny(lost, claim) for claim in silent[:5]])
        at_work.start()
        tell(cpor(lost, "db", "backup", str(backup)).strip())
        at_work.join()
        held_back = lost.query("SELECT id FROM mails WHERE due_at IS NOT NULL")

        lost.smtp.start()
        lost.forward(minutes=11)
        lost.all_mail_is_out()
        denied_since = silent[5]
        assert deny(lost, denied_since) == 200
        tell(f"{len(held_back)} mails waited at the backup's time, and went out after it")
    tell("the machine is lost: database, documents, processes, Redis")

    url = running.new_database(f"cpor_found_{worker_number}")
    (tmp_path / "found").mkdir()
    place = {"database_url": url, "data_dir": str(tmp_path / "found")}
    for line in cpor(lost, "db", "restore", str(backup), **place).splitlines():
        tell(line)
    _counts(url, backup, tell)
    _documents(backup, tmp_path / "found", tell)
    tell(cpor(lost, "history", "verify", "--checkpoints", str(tmp_path / "lost" / "checkpoints"), **place))
    with Installation(url, tmp_path / "found", workers="2") as found:
        found.sweep(within=WITHIN)
        found.all_mail_is_out()
        _nothing_twice(lost, found, [*readers, *(claim.address for claim in waiting)], tell)
        found.forward(days=8)
        found.sweep(within=WITHIN)
        assert not found.query("SELECT 1 FROM rounds WHERE state = 'passed'"), "a window was closed over lost answers"
        assert json.loads(found.person().open("/readyz").html)["holding"] is True
        link = link_in(notice, "d").replace(lost.url, found.url)
        found.person().open(link).press("Deny this association", {"Why do you deny it?": "Other"})
        assert found.query("SELECT status FROM claims WHERE reference = :r", r=cast.reference)[0].status == "rejected"
        tell("closing is held; a customer's link of before the loss denies")


def _give_them_proof(house: Installation) -> None:
    """Claims that nobody clicked have a proof by name only."""
    proof = DocumentStore(str(house.folder / "documents")).store(io.BytesIO(b"%PDF-1.7"), filename="", media_type="")
    with house.session() as session:
        session.execute(text("UPDATE documents SET sha256 = :it WHERE size = 1024"), {"it": proof.sha256})


def _counts(url: str, backup: Path, tell: Tell) -> None:
    said = json.loads((backup / "manifest.json").read_text())
    made_anew = {"mails", "events", "history_heads", "holdings"}
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {name: connection.scalar(text(f'SELECT count(*) FROM "{name}"')) for name in said["rows"]}
        number, digest = said["checkpoint"]
        assert connection.scalar(text("SELECT max(number) FROM checkpoints")) == number, digest
    engine.dispose()
    assert {name for name in found if found[name] != said["rows"][name]} <= made_anew
    assert all(found[name] >= said["rows"][name] for name in made_anew)
    tell(f"rows: {sum(said['rows'].values()):,} in {len(found)} tables, as the manifest counts them")


def _documents(backup: Path, found: Path, tell: Tell) -> None:
    lines = [line.split("  ") for line in (backup / "SHA256SUMS").read_text().splitlines()]
    documents = {name.rpartition("/")[2]: sha256 for sha256, name in lines if name.startswith("documents/")}
    assert documents
    store = DocumentStore(str(found / "documents"))
    for name, sha256 in documents.items():
        assert hashlib.sha256(b"".join(store.open(name))).hexdigest() == sha256 == name
    tell(f"documents: {len(documents)}, each what its hash says")


def _nothing_twice(lost: Installation, found: Installation, addresses: list[str], tell: Tell) -> None:
    mails = [*lost.smtp.mails, *found.smtp.mails]
    copies = Counter((mail.recipients[0], mail.message["Subject"]) for mail in mails)
    assert {copies[key] for key in copies if key[0] in addresses} == {1}, "somebody got a mail twice"
    assert {key[0] for key in copies} >= set(addresses), "the drill lost a mail"
    new = Counter(mail.message["Subject"].partition(":")[0] for mail in found.smtp.mails)
    unknown = found.query("SELECT 1 FROM mails WHERE state = 'unknown' AND dealt_with_at IS NULL")
    tell(f"mails: {len(copies)} over both lives, none of them twice; {len(unknown)} wait for a person to decide")
    tell(f"new ones that tell of it: {dict(new)}")
