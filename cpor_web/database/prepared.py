"""Statements that are made once, and planned once by each connection.

A long statement costs more to make and to plan than to run. So what is asked again and again is kept as its text.
What changes from one time to the next has a name there. Everything else stands in the text: an index that has some
rows only is used where PostgreSQL sees that no others are asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Dialect, Select, UpdateBase
from sqlalchemy.dialects.postgresql.psycopg import dialect
from sqlalchemy.orm import Session
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import ExpandedState

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
    return Prepared(_compiled(query, _DIALECT).statement, planned_once)


def numbered(query: Select[*tuple[Any, ...]] | UpdateBase) -> Numbered:
    """Return such a statement for whoever asks libpq."""
    compiled = _compiled(query, _NUMBERING)
    return Numbered(compiled.statement, compiled.positiontup or ())


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
