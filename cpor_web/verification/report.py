"""What a verification found."""

from dataclasses import dataclass, field

KEPT = 1_000
"""Findings that are kept in full; the others are counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written. `where` is a claim's reference, or "checkpoint 12"."""

    where: str
    position: int | None
    what: str


@dataclass(slots=True)
class Report:
    """What was looked at, and what is wrong with it.

    `outside` counts checkpoints that were found outside the database too, `not_yet_outside` those newer than all of
    these; `newest` is the moment of the newest checkpoint. `uncovered` counts events that no checkpoint covers yet.
    """

    claims: int = 0
    events: int = 0
    erased: int = 0
    uncovered: int = 0
    checkpoints: int = 0
    outside: int = 0
    not_yet_outside: int = 0
    newest: str = ""
    count: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(self, where: str, position: int | None, what: str) -> None:
        """Note a finding."""
        self.count += 1
        if self.count <= KEPT:
            self.findings.append(Finding(where, position, what))


def span(first: int, last: int) -> str:
    """Return "4", or "4 to 7"."""
    return f"{first}" if first == last else f"{first} to {last}"
