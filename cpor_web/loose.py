"""Entities that belong to no session: read many at once by plain statements, judged and changed by the rules as any
other ones, and written together.

SQLAlchemy's session reads, tracks and writes objects one by one, which costs a batch more than all that is decided
in it. These are objects of the same classes, so there is one form of each rule. But nobody looks after them: who
reads them locks their rows, gives them what they are related to, and has `write` write them. What they were not given
raises DetachedInstanceError; they are added to no session, but for what `taken_in` gives one to look after.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar
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
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.types import TypeEngine

from cpor_web import aside, direct
from cpor_web.models import Base
from cpor_web.prepared import Prepared

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
    return [entity(model, row) for row in _ask(session, rows, among)]


def entity(model: type[Entity], row: Sequence[Any]) -> Entity:
    """Return the entity of a row of all columns of its table, in their order: detached, and related to nothing."""
    made: Entity = model.__mapper__.class_manager.new_instance()
    values = made.__dict__
    values.update(zip(_keys(model), row, strict=True))
    for key, members in _words(model):
        values[key] = members[values[key]]
    instance_state(made).key = (model, (row[0],), None)
    return made


def entities(row: Sequence[Any], *models: type[Base]) -> Iterator[Any]:
    """Yield the entities of a row that has all columns of several tables; None of one that no outer join found."""
    start = 0
    for model in models:
        end = start + len(_keys(model))
        yield entity(model, row[start:end]) if row[start] is not None else None
        start = end


def taken_in(session: Session, entity: Entity) -> Entity:
    """Return an entity as the session's own, which from now on looks after it as if it had read it itself."""
    Base.registry.configure()  # as it would do for what it reads
    key: Any = instance_state(entity).key
    known: Entity | None = session.identity_map.get(key)
    if known is None:
        session.add(entity)
    return known or entity


def found(session: Session, ids: Prepared, **among: Iterable[int]) -> set[int]:
    """Return the ids that a statement finds among those that it is given."""
    return {id_ for (id_,) in _ask(session, ids, among)}


def _ask(session: Session, statement: Prepared, among: Mapping[str, Iterable[int]]) -> list[tuple[Any, ...]]:
    return statement.ask(session, **{name: direct.several(ids) for name, ids in among.items()})


def made(model: type[Entity], row: Mapping[str, Any]) -> Entity:
    """Return the entity of a row that PostgreSQL said in JSON, which must have all columns (KeyError); detached."""
    entity: Entity = model.__mapper__.class_manager.new_instance()
    values, (as_said, to_read) = entity.__dict__, _readers(model)
    for name, key in as_said:
        values[key] = row[name]
    for name, key, read in to_read:
        said = row[name]
        values[key] = read(said) if said is not None else None
    instance_state(entity).key = (model, tuple(row[each.name] for each in model.__mapper__.primary_key), None)
    return entity


def relate(entity: Base, **related: Any) -> None:
    """Give an entity what it is related to; it does not count as changed."""
    entity.__dict__.update(related)


def write(session: Session, entities: Sequence[Base]) -> None:
    """Put aside what was changed of these entities: once, as the last that is done to them."""
    for each in entities:
        values, before = each.__dict__, instance_state(each).committed_state
        if changed := tuple(sorted(key for key, value in before.items() if value != values[key])):
            names = _names(type(each))
            row = {"id": values["id"], **{names[key]: _as_json(values[key]) for key in changed}}
            aside.put(session, _over(type(each), changed), row)


@cache
def _over(model: type[Base], keys: tuple[str, ...]) -> aside.Write:
    return aside.over(model, *(_names(model)[key] for key in keys))


@cache
def _names(model: type[Base]) -> Mapping[str, str]:
    """Return the names of columns by those of their attributes."""
    return dict(zip(_keys(model), (each.name for each in model.__table__.columns), strict=True))


@cache
def _keys(model: type[Base]) -> Sequence[str]:
    return [model.__mapper__.get_property_by_column(column).key for column in model.__table__.columns]


@cache
def _words(model: type[Base]) -> Sequence[tuple[str, Mapping[str | None, Any]]]:
    """Return of each attribute that has a word for its value what the words mean."""
    kinds = ((key, column.type) for key, column in zip(_keys(model), model.__table__.columns, strict=True))
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
