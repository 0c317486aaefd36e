"""Working off what is leased, a batch at a time, until it is done, the turn is over, or the other side is away."""

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from cpor_web.extensions import db
from cpor_web.transactions import transaction
from jobs.turn import Turn


def work_off(
    lease: Callable[[], Sequence[int]],
    release: Callable[[Session, Sequence[int]], None],
    do: Callable[[int], bool],
    turn: Turn,
) -> bool:
    """Return False where the turn was over before the work was done.

    `lease` takes the next batch in a transaction of its own and returns its ids. `do` works on one, and returns False
    where the other side is in trouble: the rest is then given back by `release`, in a transaction.
    """
    while True:
        batch = list(lease())
        if not batch:
            return True
        while batch:
            is_over = turn.is_over()
            if is_over or not do(batch.pop(0)):
                with transaction(db.session):
                    release(db.session(), batch)
                return not is_over
