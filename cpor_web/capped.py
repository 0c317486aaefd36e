"""Counts that stop at a thousand: nobody reads the rest of a larger number, and the database need not count it."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select, union_all

MOST = 1000
"""The largest number that is told exactly."""

ENOUGH = MOST + 1
"""Stands for every number above `MOST`."""


def number(*queries: Select[Any], enough: int = 0) -> ColumnElement[int]:
    """Return, as a column, how many rows the queries have together, at most `enough`, by default `ENOUGH`."""
    enough = enough or ENOUGH
    if not queries:
        return literal(0)
    begun = [select(query.limit(enough).subquery()) for query in queries]
    rows = union_all(*begun).limit(enough) if begun[1:] else queries[0].limit(enough)
    return select(func.count()).select_from(rows.subquery()).scalar_subquery()
