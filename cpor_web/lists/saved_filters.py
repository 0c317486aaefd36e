"""Filters of the dashboard that somebody keeps under names of their own."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import BigInteger, Select, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from cpor_web.models import SavedFilter
from cpor_web.rules.characters import name_in, one_line
from cpor_web.rules.exc import Invalid
from cpor_web.rules.roles import Actor
from cpor_web.rules.words import N_

MOST = 20
LONGEST_NAME = 60


class Saved(NamedTuple):
    """A filter as lists offer it: `wanted` is what its address says."""

    id: int
    name: str
    wanted: Mapping[str, str]


def own() -> Select[int, str, Mapping[str, str]]:
    """Return the query of what `Saved` has of each filter that `user_id` has saved, by name."""
    own = select(SavedFilter.id, SavedFilter.name, SavedFilter.wanted)
    own = own.where(SavedFilter.user_id == bindparam("user_id", type_=BigInteger))
    return own.order_by(func.lower(SavedFilter.name))


def save(session: Session, name: str, wanted: Mapping[str, str], *, actor: Actor) -> SavedFilter:
    """Keep a filter under a name; the same name again, in whatever case, is given to this one.

    Raises Invalid("name") for a name that will not do, or where there are too many.
    """
    name = name_in(name, if_empty=N_("Give the filter a name."))
    if len(name) > LONGEST_NAME:
        raise Invalid(N_("Enter at most %(most)s characters."), {"most": LONGEST_NAME}, field_name="name")
    assert actor.user_id is not None
    is_another = func.lower(SavedFilter.name) != func.lower(name)  # by the database's letters, as its index has them
    others = select(func.count()).where(SavedFilter.user_id == actor.user_id, is_another)
    if (session.scalar(others) or 0) >= MOST:
        raise Invalid(N_("You have saved %(most)s filters. Remove one first."), {"most": MOST}, field_name="name")
    kept = {"name": name, "wanted": {key: one_line(value) for key, value in wanted.items()}}
    saved = insert(SavedFilter).values(user_id=actor.user_id, **kept)
    saved = saved.on_conflict_do_update(index_elements=[SavedFilter.user_id, text("lower(name)")], set_=kept)
    return session.scalars(saved.returning(SavedFilter), execution_options={"populate_existing": True}).one()


def remove(session: Session, filter_id: int, *, actor: Actor) -> bool:
    """Forget a filter of one's own; return whether there was one."""
    own = select(SavedFilter).where(SavedFilter.id == filter_id, SavedFilter.user_id == actor.user_id)
    found = session.scalars(own).one_or_none()
    if found is not None:
        session.delete(found)
    return found is not None
