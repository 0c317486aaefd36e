"""What stands around the partner's list, whatever is listed: asked for together, by one statement."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import competing
from cpor_web.database import arrays
from cpor_web.database.prepared import Prepared, prepared
from cpor_web.lists import listing, saved_filters
from cpor_web.lists.saved_filters import Saved
from cpor_web.rules.roles import Actor


class Around(NamedTuple):
    """What the partner's claims can be listed by, and whether any may end: see `competing.threatened`.

    `locations` has number and place of each MPN ID that claims can be for, `saved` the reader's own filters, by name.
    """

    locations: Sequence[tuple[str, str]]
    saved: Sequence[Saved]
    may_end: bool


def around(session: Session, actor: Actor) -> Around:
    """Return what stands around the list of the actor's partner, as the actor sees it."""
    locations, saved, may_end = _around().one(session, partner_id=actor.partner_id, user_id=actor.user_id)
    return Around([(number, place) for number, place in locations], [Saved(*each) for each in saved], may_end)


@cache
def _around() -> Prepared:
    rows = arrays.of(listing.locations()), arrays.of(saved_filters.own())
    return prepared(select(*rows, competing.is_any_threatened()))
