"""Verifies the history: every claim's chain of events, and the signed checkpoints inside and outside the database."""

from collections.abc import Collection, Mapping
from pathlib import Path

from sqlalchemy import Connection, select

from cpor_web.models import Claim
from cpor_web.verification import signed, walking
from cpor_web.verification.report import Finding, Report

__all__ = ["Finding", "Report", "UnknownClaims", "verify"]


class UnknownClaims(LookupError):
    """There are no claims with these references."""


def verify(
    connection: Connection, *, folder: Path | None, public: Mapping[str, bytes], references: Collection[str] = ()
) -> Report:
    """Compare what is stored with what was chained and signed, and change nothing.

    connection: sees one moment only (repeatable read), or what is appended meanwhile looks like tampering. folder:
    checkpoints outside the database, None where there are none. public: the raw keys, by their ids, that sign
    checkpoints. references: the claims to look at; all, where empty. Memory does not grow with the number of claims.
    Raises UnknownClaims.
    """
    report = Report()
    files = signed.files_in(folder)  # before the database is read: whatever is there has its row by then
    only = _ids(connection, references)
    with signed.SignedHeads() as heads:
        signed.gather(connection, files, public=public, into=heads, report=report)
        walking.walk(connection, heads, only=only, report=report)
    return report


def _ids(connection: Connection, references: Collection[str]) -> frozenset[int]:
    found = dict(connection.execute(select(Claim.reference, Claim.id).where(Claim.reference.in_(references))).all())
    if unknown := set(references) - found.keys():
        raise UnknownClaims(", ".join(sorted(unknown)))
    return frozenset(found.values())
