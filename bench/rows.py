"""What a benchmark found, and the table that says whether its goal holds."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, TypeVar

ROUNDS = 3
UNSTEADY = 1.3
"""How many times the limit's own slowest round its fastest may be before a ratio says little."""

COLUMNS = ("work", "limit", "ours", "ratio (range)", "goal", "")

Limit = TypeVar("Limit")
Ours = TypeVar("Ours")


@dataclass(frozen=True)
class Row:
    """One work: what the limit and ours took in each round, in `unit`, and the goal for the ratio ours : limit.

    Rates (`unit` ends in /s) must reach the goal, all else must not pass it. `absolute`: the goal is for ours itself,
    and the limit is shown beside it.
    """

    work: str
    unit: str
    limit: Sequence[float]
    ours: Sequence[float]
    goal: float
    absolute: bool = False

    @property
    def is_rate(self) -> bool:
        return self.unit.endswith("/s")

    @property
    def ratios(self) -> list[float]:
        """Ours to the limit, a round at a time."""
        return [ours / max(limit, 1e-9) for limit, ours in zip(self.limit, self.ours, strict=True)]

    @property
    def holds(self) -> bool:
        """Whether the median round reaches the goal."""
        reached = median(self.ours if self.absolute else self.ratios)
        return reached >= self.goal if self.is_rate else reached <= self.goal

    @property
    def is_unsteady(self) -> bool:
        """Whether the limit's own rounds differ so much that the ratio says little."""
        return max(self.limit) > UNSTEADY * min(self.limit)

    def cells(self) -> tuple[str, ...]:
        """The row as it is printed."""
        ratios, sign = self.ratios, "≥" if self.is_rate else "≤"
        goal = f"{sign} {self.goal:g}" + (f" {self.unit}" if self.absolute else "")
        verdict = "holds" if self.holds else "falls short"
        if self.is_unsteady:
            verdict += f" (the limit's own rounds differ by {max(self.limit) / max(min(self.limit), 1e-9) - 1:.0%})"
        spread = f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
        return (self.work, self._figure(self.limit), self._figure(self.ours), spread, goal, verdict)

    def as_json(self) -> dict[str, Any]:
        """The row for a machine."""
        kept = {"work": self.work, "unit": self.unit, "limit": list(self.limit), "ours": list(self.ours)}
        judged = {"ratio": median(self.ratios), "goal": self.goal, "absolute": self.absolute, "holds": self.holds}
        return {**kept, **judged, "unsteady": self.is_unsteady}

    def _figure(self, values: Sequence[float]) -> str:
        value = median(values)
        return f"{value:,.0f} {self.unit}" if value >= 100 else f"{value:,.2f} {self.unit}"


def interleaved(limit: Callable[[], Limit], ours: Callable[[], Ours]) -> tuple[list[Limit], list[Ours]]:
    """Measure the limit, then ours, and again: whatever else the machine does meanwhile meets both."""
    pairs = [(limit(), ours()) for _round in range(ROUNDS)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def table(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of the table."""
    cells = [COLUMNS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(COLUMNS))]
    for line in cells:
        yield " · ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
