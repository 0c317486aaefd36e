"""Makes the dump of an older version that `test_from_an_older_version` upgrades, with the code of that version.

    git archive VERSION | tar -x -C FOLDER
    CPOR_TEST_PG_BIN=/usr/lib/postgresql/15/bin python -m tests.upgrade.make_dump FOLDER

The oldest PostgreSQL that is supported, so that all can read the dump.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from cpor_web.embedded.postgres import EmbeddedPostgres, find_binaries

HERE = Path(__file__).parent
SETTINGS = {
    "ENVIRONMENT": "development",
    "SECRET_KEYS": "session key of the older version and long enough",
    "CONSENT_KEYS": "consent key of the older version and long enough",
    "SIGNING_KEYS": "A" * 43,
    "PUBLIC_URL": "http://127.0.0.1:8000",
    "TIME_ZONE": "Europe/Berlin",
}
WORK = """
from sqlalchemy import select
from cpor_web import create_app
from cpor_web.web.current import signers
from cpor_web.emails.links import Purpose
from cpor_web.extensions import db
from cpor_web.models import Invitation, Round, RoundState, Claim
from jobs import upkeep
upkeep.checkpoint()
with create_app().app_context():
    running = select(Claim.reference, Invitation.link_id).join(Round, Round.claim_id == Claim.id)
    running = running.join(Invitation, Invitation.round_id == Round.id).where(Round.state == RoundState.RUNNING)
    reference, link_id = db.session.execute(running.order_by(Claim.id).limit(1)).one()
    print(reference, signers().url(Purpose.DENY, link_id))
"""
"""What the older version did: signed a checkpoint, and mailed a link."""


def main(checkout: Path) -> None:
    """Write the dump, the link and the checkpoints beside this file."""
    with TemporaryDirectory(prefix="cpor-older-") as folder, EmbeddedPostgres(Path(folder), fsync=False) as postgres:
        postgres.create_database("cpor")
        env = {name: text for name, text in os.environ.items() if not name.startswith("CPOR_")}
        env |= {f"CPOR_{name}": text for name, text in SETTINGS.items()} | {"PYTHONPATH": str(checkout)}
        env |= {"CPOR_DATABASE_URL": postgres.url("cpor"), "CPOR_DATA_DIR": f"{folder}/data"}
        env["CPOR_CHECKPOINTS_DIR"] = str(HERE / "checkpoints")
        shutil.rmtree(HERE / "checkpoints", ignore_errors=True)

        def run(*command: str) -> str:
            return subprocess.run(
                command, cwd=checkout, env=env, check=True, stdout=subprocess.PIPE, text=True
            ).stdout

        run(sys.executable, "-m", "cpor_web", "db", "upgrade")
        run(sys.executable, "-m", "cpor_web", "sample")
        (HERE / "link.txt").write_text(run(sys.executable, "-c", WORK))
        asked = ("--column-inserts", "--rows-per-insert=100", "--no-owner", "--no-privileges", "--no-comments")
        where = ("--host", str(postgres.sockets), "--username", "postgres", "cpor")
        dump = run(str(find_binaries() / "pg_dump"), *asked, *where)
        kept = [line for line in dump.splitlines() if line and not line.startswith(("--", "\\"))]
        (HERE / "older.sql").write_text("\n".join(kept) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
