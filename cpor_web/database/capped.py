"""Counts that stop at what anyone works through in a day: nobody reads the rest of a larger number exactly.

Nor need the database count it. Whoever has two hundred sees two hundred.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, literal_column, select, union_all

MOST = 250
"""The largest number that is told exactly."""

ENOUGH = MOST + 1
"""Stands for every number above `MOST`."""

# Nothing of a row, so that an index that has all its conditions is enough.
_ROW: ColumnElement[int] = literal_column("1").label("row")


def number(*queries: Select[Any], enough: int = 0) -> ColumnElement[int]:
    """Return, as a column, how many rows the queries have together, at most `enough`, by default `ENOUGH`."""
    enough = enough or ENOUGH
    if not queries:
        return literal(0)
    bare = [query.with_only_columns(_ROW, maintain_column_froms=True).limit(enough) for query in queries]
    rows = union_all(*(select(each.subquery()) for each in bare)).limit(enough) if bare[1:] else bare[0]
    return select(func.count()).select_from(rows.subquery()).scalar_subquery()
