"""Entities that belong to no session: read many at once by plain statements, judged and changed by the rules as any
other ones, and written together.

SQLAlchemy's session reads, tracks and writes objects one by one, which costs a batch more than all that is decided
in it. These are of the same classes, so there is one form of each rule; what they have are plain attributes. Nobody
looks after them: who reads them locks their rows, gives them what they are related to, and has `write` write them.
What they were not given raises DetachedInstanceError; they are never added to a session.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from itertools import compress
from operator import itemgetter, ne
from typing import Any, Never, TypeVar, cast
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    Enum,
    LargeBinary,
    Select,
    Uuid,
    any_,
    bindparam,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import DetachedInstanceError
from sqlalchemy.types import TypeEngine

from cpor_web.database import direct
from cpor_web.database.prepared import Prepared
from cpor_web.entities import aside
from cpor_web.models import Base

Entity = TypeVar("Entity", bound=Base)


def among(column: Any, name: str) -> ColumnElement[bool]:
    """Return the condition that a column has one of the ids that a statement is given by this name, however many."""
    condition: ColumnElement[bool] = column == any_(bindparam(name, type_=ARRAY(BigInteger)))
    return condition


def rows_of(model: type[Base]) -> Select[Any]:
    """Return the query for all columns of a table, to be narrowed down and given to `read`."""
    return select(model.__table__)


def read(session: Session, model: type[Entity], rows: Prepared, **among: Iterable[int]) -> Sequence[Entity]:
    """Return an entity for each row of what `rows_of` began; they are detached, and related to nothing."""
    return [_entity(model, attributes(model, row)) for row in _ask(session, rows, among)]


def attributes(model: type[Base], row: Sequence[Any]) -> dict[str, Any]:
    """Return what a row of all columns of a table, in their order, says of each attribute."""
    said = dict(zip(keys(model), row, strict=True))
    for key, members in _words(model):
        said[key] = members[said[key]]
    return said


def found(session: Session, ids: Prepared, **among: Iterable[int]) -> set[int]:
    """Return the ids that a statement finds among those that it is given."""
    return {id_ for (id_,) in _ask(session, ids, among)}


def _ask(session: Session, statement: Prepared, among: Mapping[str, Iterable[int]]) -> list[tuple[Any, ...]]:
    return statement.ask(session, **{name: direct.several(ids) for name, ids in among.items()})


def made(model: type[Entity], row: Mapping[str, Any]) -> Entity:
    """Return the entity of a row that PostgreSQL said in JSON, which must have all columns (KeyError); detached."""
    as_said, to_read = _readers(model)
    values = {key: row[name] for name, key in as_said}
    for name, key, read in to_read:
        said = row[name]
        values[key] = read(said) if said is not None else None
    return _entity(model, values)


def relate(entity: Base, **related: Any) -> None:
    """Give an entity what it is related to; it does not count as changed."""
    entity.__dict__.update(related)


def write(session: Session, entities: Sequence[Base]) -> None:
    """Put aside what was changed of these entities: once, as the last that is done to them."""
    rows: dict[aside.Write, list[aside.Row]] = defaultdict(list)
    for each in entities:
        model, values = type(each), each.__dict__
        now, before = _columns(model)(values), values[_BEFORE]
        if now != before:
            names, changed = _names(model), tuple(compress(keys(model), map(ne, now, before)))
            row = {"id": values["id"], **{names[key]: _as_json(values[key]) for key in changed}}
            rows[_over(model, changed)].append(row)
    for over, changed_rows in rows.items():
        aside.put(session, over, *changed_rows)


_BEFORE = "_before"
"""Where an entity keeps what was read of it."""


class _NotRead:
    """Stands in a class for what its entities have only once they were given it: then that comes first."""

    def __set_name__(self, owner: type[Base], name: str) -> None:
        self._name = name

    def __get__(self, entity: Base | None, owner: type[Base]) -> Never:
        raise DetachedInstanceError(f"{self._name} of {owner.__tablename__} was not read")


def _entity(model: type[Entity], values: dict[str, Any]) -> Entity:
    values[_BEFORE] = _columns(model)(values)
    entity: Entity = object.__new__(_plain(model))
    entity.__dict__ = values
    return entity


@cache
def _plain(model: type[Entity]) -> type[Entity]:
    """Return the class with all that a table's class can do, and nothing of SQLAlchemy's on its attributes."""
    attributes = {each.key: _NotRead() for each in model.__mapper__.attrs}
    return cast(type[Entity], type(model.__name__, (model,), {"__abstract__": True, **attributes}))


@cache
def _columns(model: type[Base]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Return what tells the values of all columns."""
    return itemgetter(*keys(model))


@cache
def _over(model: type[Base], keys: tuple[str, ...]) -> aside.Write:
    return aside.over(model, *(_names(model)[key] for key in keys))


@cache
def _names(model: type[Base]) -> Mapping[str, str]:
    """Return the names of columns by those of their attributes."""
    return dict(zip(keys(model), (each.name for each in model.__table__.columns), strict=True))


@cache
def keys(model: type[Base]) -> Sequence[str]:
    """Return the attributes of a table's columns, in their order."""
    return [model.__mapper__.get_property_by_column(column).key for column in model.__table__.columns]


@cache
def _words(model: type[Base]) -> Sequence[tuple[str, Mapping[str | None, Any]]]:
    """Return of each attribute that has a word for its value what the words mean."""
    kinds = ((key, column.type) for key, column in zip(keys(model), model.__table__.columns, strict=True))
    words = ((key, kind.enum_class) for key, kind in kinds if isinstance(kind, Enum) and kind.enum_class)
    return [(key, {None: None, **{each.value: each for each in word}}) for key, word in words]


@cache
def _readers(model: type[Base]) -> tuple[Sequence[tuple[str, str]], Sequence[tuple[str, str, Callable[[Any], Any]]]]:
    """Return columns by their names and their attributes': whose value JSON has, and those for which one is made."""
    columns = [(name, key, _reader(model.__table__.columns[name].type)) for key, name in _names(model).items()]
    as_said = [(name, key) for name, key, read in columns if read is None]
    return as_said, [(name, key, read) for name, key, read in columns if read is not None]


def _reader(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    if isinstance(kind, Enum):
        return kind.enum_class
    if isinstance(kind, LargeBinary):
        return lambda octets: bytes.fromhex(octets.removeprefix("\\x"))
    return next((read for of, read in _READERS.items() if isinstance(kind, of)), None)


_READERS: Mapping[type[TypeEngine[Any]], Callable[[str], Any]] = {
    DateTime: datetime.fromisoformat,
    Date: date.fromisoformat,
    Uuid: UUID,
}


def _as_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
