"""Entities of rows that a kept statement found, which a session looks after as if it had read them itself.

For what every page asks and some pages change. Its other form, for who looks after it alone, is `detached`.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import instance_state

from cpor_web.entities import detached
from cpor_web.models import Base

Entity = TypeVar("Entity", bound=Base)


def entities(session: Session, row: Sequence[Any], *models: type[Base]) -> list[Any]:
    """Return the session's entities of a row that has all columns of several tables, each in its table's order.

    None of a table that no outer join found. Of what the session has already it stays as it is there.
    """
    Base.registry.configure()  # as it would do for what it reads
    found, start = list[Any](), 0
    for model in models:
        end = start + len(detached.keys(model))
        found.append(_attached(session, model, row[start:end]) if row[start] is not None else None)
        start = end
    return found


def _attached(session: Session, model: type[Entity], row: Sequence[Any]) -> Entity:
    key = model.__mapper__.identity_key_from_primary_key((row[0],))
    known: Entity | None = session.identity_map.get(key)
    if known is not None:
        return known
    entity: Entity = model.__mapper__.class_manager.new_instance()
    entity.__dict__.update(detached.attributes(model, row))
    instance_state(entity).key = key
    session.add(entity)
    return entity
