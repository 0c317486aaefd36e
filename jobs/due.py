"""Acts on everything that is due, whatever it is: one that fails, or that somebody holds, never stops the rest."""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.extensions import bell, db
from cpor_web.programme import Programme
from cpor_web.transactions import transaction
from cpor_web.web import current
from jobs.app import app
from jobs.turn import Turn

log = logging.getLogger(__name__)

MOST = 600
TOGETHER = 200
"""How many are closed in one transaction: a denial of one of them waits for all of them, at most."""

TURN_SECONDS = 10.0
"""At a month's end there is work for minutes: mails wait for no longer than this, and come before the rest."""

Look = Callable[[Session, Programme, int], Sequence[int]]
"""What is due: the ids of up to so many, the longest due first."""

Hold = Callable[[Session, Sequence[int]], AbstractContextManager[tuple[Sequence[int], Sequence[int]]]]
"""What locks many at once: yields the ids of those that it holds, and of those that are to be done alone."""


def each_due(job: str, look: Look, act: Callable[..., bool], hold: Hold | None = None) -> None:
    """Act on everything that is due, until a look finds nothing but what could not be acted on, or the turn is over.

    With `hold` many at a time. What somebody else has locked at this moment is left for the next tick; for what there
    was no time, `job` is rung.
    """
    with app().app_context():
        programme = current.programme()
        turn, left = Turn(TURN_SECONDS), set[int]()
        while True:
            # What is left is due still and comes first again: so many more are looked for, past it.
            found = _found(look, programme, MOST + len(left))
            ids = [each for each in found if each not in left]
            if not ids:
                return
            while ids:
                if turn.is_over():
                    bell.ring(job)
                    return
                batch, ids = ids[:TOGETHER], ids[TOGETHER:]
                left.update(set(batch) - _done(act, batch, programme, hold))


def _found(look: Look, programme: Programme, most: int) -> Sequence[int]:
    """Look for what is due; find nothing where somebody has locked for long what it waits for."""
    try:
        with transaction(db.session):
            return look(db.session(), programme, most)
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        log.warning("whether something is due could not be seen for a lock that is held; the next tick looks again")
        return ()


def _done(act: Callable[..., bool], ids: Sequence[int], programme: Programme, hold: Hold | None) -> set[int]:
    """Act on these, and return those on which it was done. Where one of many fails, each of them is done alone."""
    done: set[int] = set()
    if hold is not None:
        try:
            done, ids = _together(act, ids, programme, hold)
        except Exception as error:
            what, why = act.__qualname__, type(error).__name__
            log.warning("%s cannot be done for %d at a time, so for each alone: %s", what, len(ids), why)
    return done | {each for each in ids if _one(act, each, programme)}


def _together(
    act: Callable[..., bool], ids: Sequence[int], programme: Programme, hold: Hold
) -> tuple[set[int], Sequence[int]]:
    """Act on many in one transaction; return those on which it was done, and those that are to be done alone."""
    with transaction(db.session), hold(db.session(), ids) as (held, alone):
        now = clock.utcnow()
        return {each for each in held if act(db.session(), each, now=now, programme=programme)}, alone


def _one(act: Callable[..., bool], id_: int, programme: Programme) -> bool:
    try:
        with transaction(db.session):
            return act(db.session(), id_, now=clock.utcnow(), programme=programme)
    except Exception:  # one that fails never holds the others up; it is due again at the next tick
        log.exception("%s failed on %d", act.__qualname__, id_)
        return False
