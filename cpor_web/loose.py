"""Entities that belong to no session: read many at once by plain statements, judged and changed by the rules as any
other ones, and written together.

SQLAlchemy's session reads, tracks and writes objects one by one, which costs a batch more than all that is decided
in it. These are objects of the same classes, so there is one form of each rule. But nobody looks after them: who
reads them locks their rows, gives them what they are related to, and has `write` write them. What they were not given
raises DetachedInstanceError; they are never added to a session.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Select, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import instance_state

from cpor_web import aside
from cpor_web.models import Base

Entity = TypeVar("Entity", bound=Base)


def among(column: Any, ids: Iterable[int]) -> ColumnElement[bool]:
    """Return the condition that a column has one of these values: in the same words however many they are."""
    found: ColumnElement[bool] = column == any_(literal(list(ids), ARRAY(BigInteger)))
    return found


def rows_of(model: type[Base]) -> Select[Any]:
    """Return the query for all columns of a table, to be narrowed down and given to `read`."""
    return select(model.__table__)


def read(session: Session, model: type[Entity], rows: Select[Any]) -> Sequence[Entity]:
    """Return an entity for each row of what `rows_of` began; they are detached, and related to nothing."""
    session.flush()
    keys, manager = _keys(model), model.__mapper__.class_manager
    entities = []
    for row in session.execute(rows):
        entity = manager.new_instance()
        values = entity.__dict__
        values.update(zip(keys, row, strict=True))
        instance_state(entity).key = (model, (row[0],), None)
        entities.append(entity)
    return entities


def relate(entity: Base, **related: Any) -> None:
    """Give an entity what it is related to; it does not count as changed."""
    entity.__dict__.update(related)


def write(session: Session, entities: Sequence[Base]) -> None:
    """Write what was changed of these entities, which are of one table: one statement, where all changed alike."""
    changed: dict[tuple[str, ...], list[aside.Row]] = defaultdict(list)
    for each in entities:
        if names := tuple(sorted(instance_state(each).committed_state)):
            values = each.__dict__
            changed[names].append({"id": values["id"], **{name: _as_json(values[name]) for name in names}})
    for names, rows in changed.items():
        table = entities[0].__tablename__
        now = ", ".join(f"{name} = now.{name}" for name in names)
        text = f"UPDATE {table} SET {now} FROM json_populate_recordset(NULL::{table}, %(rows)s) now"  # noqa: S608 - names of ours
        session.connection().exec_driver_sql(f"{text} WHERE {table}.id = now.id", {"rows": aside.as_json(rows)})


@cache
def _keys(model: type[Base]) -> Sequence[str]:
    return [model.__mapper__.get_property_by_column(column).key for column in model.__table__.columns]


def _as_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
