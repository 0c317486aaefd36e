"""A partner's drafts as they are cleared away: the newest first, and those together that one import made."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cpor_web.claims.queries import claims_of
from cpor_web.database import keyset
from cpor_web.database.keyset import Page
from cpor_web.models import Claim, Document
from cpor_web.rules.roles import Actor
from cpor_web.rules.statuses import Status

AT_ONCE = 500
"""How many drafts are looked at together: as many as one import makes."""

MOST_NAMED = 5


class Batch(NamedTuple):
    """Drafts that were made at one moment, as an import does: how many of them are still there."""

    made_at: datetime
    number: int


def of(session: Session, actor: Actor) -> Sequence[Batch]:
    """Return the partner's newest batches of several drafts."""
    together = (
        claims_of(actor, Status.EDITING)
        .with_only_columns(Claim.created_at, func.count())
        .group_by(Claim.created_at)
        .having(func.count() > 1)
        .order_by(Claim.created_at.desc())
        .limit(MOST_NAMED)
    )
    return [Batch(made_at, number) for made_at, number in session.execute(together)]


def drafts(
    session: Session, actor: Actor, *, made_at: datetime | None = None, before: str = "", after: str = ""
) -> Page[Claim]:
    """Return a page of the partner's drafts, the newest first; of one batch where that is asked for."""
    found = claims_of(actor, Status.EDITING)
    if made_at is not None:
        found = found.where(Claim.created_at == made_at)
    order = keyset.newest_first(Claim.id)
    return keyset.page(session, found, order, size=AT_ONCE, before=before, after=after)


def numbers_of_documents(session: Session, claims: Collection[Claim]) -> dict[int, int]:
    """Return how many documents each of these claims has that has any, by the claim's id."""
    counted = select(Document.claim_id, func.count()).where(Document.claim_id.in_([each.id for each in claims]))
    numbers: Any = session.execute(counted.group_by(Document.claim_id)).all()
    return dict(numbers)
