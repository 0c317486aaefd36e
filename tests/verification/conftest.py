"""Histories that are whole, and somebody who can write any SQL."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from cpor_web import verification
from cpor_web.history import chain, checkpoints
from cpor_web.keys.signing import SigningKeys
from cpor_web.models import Checkpoint, Claim
from cpor_web.programme import Programme
from tests.support import claims

KEYS = SigningKeys(["A" * 43])
HOUR = timedelta(hours=1)


@dataclass
class Archive:
    """Two claims in a database, and a folder of checkpoints beside it."""

    session: Session
    folder: Path
    claim: Claim
    other: Claim
    taken: int = 0

    def checkpoint(self, *, keys: SigningKeys = KEYS, outside: bool = True) -> Checkpoint:
        """Take the next checkpoint, an hour after the one before."""
        self.taken += 1
        taken = checkpoints.take_due(self.session, keys=keys, now=claims.NOW + self.taken * HOUR, every=HOUR)
        assert taken is not None
        if outside:
            checkpoints.put_outside(self.session, self.folder, public=keys.public)
        return taken

    def tamper(self, statement: str, **values: Any) -> None:
        """Do what a superuser can: without triggers and foreign keys. `:claim` is the first claim's id."""
        self.session.flush()
        self.session.execute(text("SET LOCAL session_replication_role = replica"))
        self.session.execute(text(statement), {"claim": self.claim.id, **values})
        self.session.execute(text("SET LOCAL session_replication_role = origin"))
        self.session.expire_all()

    def rechain(self, last: int) -> None:
        """Compute the first claim's chain afresh up to `last`, with its head: every hash is right again."""
        link = chain.START
        columns = "version, kind, role, is_internal, actor, user_id, data, at, salt"
        events = f"SELECT position, {columns} FROM events WHERE claim_id = :claim ORDER BY position"
        for row in self.session.execute(text(events), {"claim": self.claim.id}).mappings().all():
            about = {name: row[name] for name in ("version", "kind", "role", "is_internal", "at")}
            said = chain.said(row["salt"], **{name: row[name] for name in ("actor", "user_id", "data")})
            link = chain.link(link, row["position"], chain.facts(claim_id=self.claim.id, **about, said=said))
            change = "UPDATE events SET said = :said, link = :link WHERE claim_id = :claim AND position = :position"
            self.tamper(change, said=said, link=link, position=row["position"])
        head = "UPDATE history_heads SET link = :link, position = :last WHERE claim_id = :claim"
        self.tamper(head, link=link, last=last)

    def length(self) -> int:
        """Return how many events the first claim has."""
        count = "SELECT count(*) FROM events WHERE claim_id = :claim"
        return int(self.session.execute(text(count), {"claim": self.claim.id}).scalar_one())

    def report(self, *, folder: Path | None = None, only: Collection[str] = (), **more: Any) -> verification.Report:
        """Verify what there is."""
        self.session.flush()
        about = {"folder": folder or self.folder, "public": KEYS.public, "references": only, **more}
        return verification.verify(self.session.connection(), **about)

    def found(self, **more: Any) -> set[tuple[str, int | None, str]]:
        """Return the findings: "claim", "other" or a checkpoint, the position, the words."""
        names = {self.claim.reference: "claim", self.other.reference: "other"}
        return {(names.get(f.where, f.where), f.position, f.what) for f in self.report(**more).findings}


@pytest.fixture
def archive(db_session: Session, programme: Programme, tmp_path: Path) -> Archive:
    """Two claims with their history, and one checkpoint that covers both."""
    made = Archive(
        db_session,
        tmp_path / "outside",
        claims.denied(db_session, programme),
        claims.submitted(db_session, programme),
    )
    db_session.flush()
    made.checkpoint()
    return made
