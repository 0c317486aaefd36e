"""Working off what is leased a batch at a time, until there is no more, the time is up, or the other side is away."""

import time
from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from cpor_web.extensions import db
from cpor_web.transactions import transaction


def work_off(
    lease: Callable[[], Sequence[int]],
    release: Callable[[Session, Sequence[int]], None],
    do: Callable[[int], bool],
    *,
    until: float,
) -> bool:
    """Return False where the monotonic clock reached `until` before the work was done.

    `lease` takes the next batch in a transaction of its own and returns its ids. `do` works on one, and returns False
    where the other side is in trouble: the rest is then given back by `release`, in a transaction.
    """
    while True:
        batch = list(lease())
        if not batch:
            return True
        while batch:
            is_time_up = time.monotonic() > until
            if is_time_up or not do(batch.pop(0)):
                with transaction(db.session):
                    release(db.session(), batch)
                return not is_time_up
