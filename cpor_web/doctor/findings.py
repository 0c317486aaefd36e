"""What the doctor found, and how it is told."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

WIDTH = 100


class Mark(StrEnum):
    """How much a finding matters; only what is wrong makes the command fail."""

    OK = "ok"
    LOOK = "look at"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """One line of the table: about what, what was found, and what to do where there is something to do."""

    mark: Mark
    about: str
    words: str
    do: str = ""


def ok(about: str, words: str) -> Finding:
    return Finding(Mark.OK, about, words)


def look(about: str, words: str, do: str = "") -> Finding:
    return Finding(Mark.LOOK, about, words, do)


def wrong(about: str, words: str, do: str) -> Finding:
    return Finding(Mark.WRONG, about, words, do)


def table(findings: Sequence[Finding]) -> str:
    """Return the findings in the order in which they were made, in lines of at most 100 characters."""
    widest = max((len(finding.about) for finding in findings), default=0)
    return "\n".join(line for finding in findings for line in _lines(finding, widest))


def summary(findings: Sequence[Finding]) -> str:
    """Return one line that counts them."""
    counts = [f"{sum(f.mark is mark for f in findings)} {mark}" for mark in Mark]
    return ", ".join(counts)


def _lines(finding: Finding, widest: int) -> list[str]:
    lead = f"{finding.mark:8} {finding.about:{widest}}  "
    do = [f"→ {finding.do}"] if finding.do else []
    words = [line for text in (finding.words, *do) for line in _wrapped(text, WIDTH - len(lead))]
    return [(lead if number == 0 else " " * len(lead)) + line for number, line in enumerate(words)]


def _wrapped(text: str, width: int) -> list[str]:
    # What is to be copied, an address or a command, stays in one piece.
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
