"""Who has signed in through the operator's sign-in provider, and is known to it. Nothing here commits."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.models import Identity, User


def is_tied(session: Session, user: User, issuer: str) -> bool:
    """Tell whether `user` has signed in through the provider at `issuer`, which is empty where there is none."""
    return bool(tied_among(session, [user], issuer))


def tied_among(session: Session, users: Iterable[User], issuer: str) -> frozenset[int]:
    """Return the ids of those of `users` who have."""
    if not issuer:
        return frozenset()
    ids = [user.id for user in users]
    ties = select(Identity.user_id).where(Identity.user_id.in_(ids), Identity.issuer == issuer)
    return frozenset(session.scalars(ties))
