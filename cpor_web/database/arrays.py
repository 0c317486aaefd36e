"""Rows that a statement reads beside something else."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func


def of(rows: Select[*tuple[Any, ...]]) -> ColumnElement[Any]:
    """Return, as a column, the array of what these few rows have, each as a list of what JSON can say."""
    return func.array(rows.with_only_columns(func.jsonb_build_array(*rows.selected_columns)).scalar_subquery())
