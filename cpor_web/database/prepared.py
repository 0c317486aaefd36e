"""Statements that are made once, and planned once by each connection.

A long statement costs more to make and to plan than to run. So what is asked again and again is kept as its text.
What changes from one time to the next has a name there. Everything else stands in the text: an index that has some
rows only is used where PostgreSQL sees that no others are asked for, and a limit that it sees is what a plan is for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ARRAY, BindParameter, Dialect, Select, UpdateBase, select
from sqlalchemy.dialects.postgresql.psycopg import dialect
from sqlalchemy.orm import Session
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import ExpandedState
from sqlalchemy.sql.visitors import ExternallyTraversible

from cpor_web.database import direct

_DIALECT, _NUMBERING = dialect(), dialect(paramstyle="numeric_dollar")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement as its text. Its values are those of the database: a status is a word.

    Unless it is `planned_once`, it is planned for its values each time: how much there is decides which plan is best.
    """

    text: str
    planned_once: bool = True

    def ask(self, session: Session, **given: Any) -> list[tuple[Any, ...]]:
        """Return the rows that it finds in the session's transaction.

        `given` has a value for each name, and may have more; ids are given as `direct.several`.
        """
        session.flush()
        return direct.ask(session, self.text, given, planned_once=self.planned_once).fetchall()

    def one(self, session: Session, **given: Any) -> tuple[Any, ...]:
        """Return the only row of such as always find one (else ValueError)."""
        (row,) = self.ask(session, **given)
        return row


@dataclass(frozen=True, slots=True)
class Numbered:
    """A statement as PostgreSQL itself takes it: `names` has the name of each value by its number in the text."""

    text: str
    names: Sequence[str]


def prepared(query: Select[*tuple[Any, ...]] | UpdateBase, *, planned_once: bool = True) -> Prepared:
    """Return a statement that is kept; each `bindparam` that has no value in it is a name to be given one."""
    if planned_once and isinstance(query, Select):
        query = cast("Select[*tuple[Any, ...]]", visitors.replacement_traverse(query, {}, _hide))
    return Prepared(_compiled(query, _DIALECT).statement, planned_once)


def numbered(query: Select[*tuple[Any, ...]] | UpdateBase) -> Numbered:
    """Return such a statement for whoever asks libpq."""
    compiled = _compiled(query, _NUMBERING)
    return Numbered(compiled.statement, compiled.positiontup or ())


def _hide(element: ExternallyTraversible, **_: object) -> ExternallyTraversible | None:
    """Return a value with a name so that PostgreSQL does not see it when it plans, and None for all else.

    PostgreSQL keeps a plan for all values only where it expects no better one of the present values, and else plans
    each time. What it does not see, it expects nothing of. (Of an array, `direct.among` hides how long it is.)
    """
    if isinstance(element, BindParameter) and element.required and not isinstance(element.type, ARRAY):
        return select(element).scalar_subquery()
    return None


def _compiled(query: Select[*tuple[Any, ...]] | UpdateBase, by: Dialect) -> ExpandedState:
    names: dict[str, None] = {}

    def say_in_the_text(value: BindParameter[Any]) -> None:
        if value.required:
            names[value.key] = None
        else:
            value.literal_execute = True

    compiled: Any = visitors.cloned_traverse(query, {}, {"bindparam": say_in_the_text}).compile(dialect=by)
    state: ExpandedState = compiled.construct_expanded_state(names)
    return state
