"""Moments as text, made by PostgreSQL: one that Python cannot hold is a finding then, not an error."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import InstrumentedAttribute


def moment_of(column: InstrumentedAttribute[datetime]) -> ColumnElement[Any]:
    """Return the expression for a moment in the form of `chain.moment`."""
    return func.coalesce(func.to_char(func.timezone("UTC", column), 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), "")
