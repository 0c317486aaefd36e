"""What is wrong with a table that somebody sent, told cell by cell."""

from collections.abc import Iterable
from typing import NamedTuple

from cpor_web.rules.exc import Refused


class Problem(NamedTuple):
    """What is wrong with one cell. `row` counts as a spreadsheet does: the header is row 1.

    `column` is a label of a claim's field, as a msgid, or what the table itself calls it.
    """

    row: int
    column: str
    what: Refused


class NotImported(Exception):
    """Nothing of a table was taken; `problems` says what is wrong, in the table's order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda each: each.row)
        super().__init__(f"{len(self.problems)} problems")
