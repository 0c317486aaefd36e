"""Two steps over two connections: the second begins while the first holds its locks."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Queue

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from cpor_web.programme import Programme

ENOUGH_SECONDS = 120

WAITING = text("SELECT CAST(:first AS integer) = ANY(pg_blocking_pids(CAST(:second AS integer)))")
"""Whether the second connection waits for a lock that the first one holds."""

Step = Callable[[Session], str]
"""Does something and says what it did; "refused" is rolled back."""


class Overlap:
    """Runs two steps over two connections: the second begins while the first holds its locks."""

    def __init__(self, engine: Engine, programme: Programme) -> None:
        self.engine, self.programme = engine, programme

    def run(self, first: Step, second: Step, *, commits: bool) -> tuple[str, str]:
        """Return what each did; the first ends, in the one way or the other, once the second waits for it."""
        number: Queue[int] = Queue()
        with ThreadPoolExecutor(1) as pool, Session(self.engine) as session:
            did = first(session)
            later = pool.submit(self._second, second, number)
            self._until_it_waits(_backend(session), number.get(timeout=ENOUGH_SECONDS), later)
            session.commit() if commits and did != "refused" else session.rollback()
            return did, later.result(timeout=ENOUGH_SECONDS)

    def _second(self, step: Step, number: "Queue[int]") -> str:
        with Session(self.engine) as session:
            number.put(_backend(session))
            did = step(session)
            session.rollback() if did == "refused" else session.commit()
            return did

    def _until_it_waits(self, first: int, second: int, later: "Future[str]") -> None:
        deadline = time.monotonic() + ENOUGH_SECONDS
        with self.engine.connect() as watcher:
            while not watcher.scalar(WAITING, {"first": first, "second": second}):
                assert not later.done(), "it did not wait for the one that came first"
                assert time.monotonic() < deadline, "it never came to wait"


def _backend(session: Session) -> int:
    number = session.scalar(text("SELECT pg_backend_pid()"))
    assert number is not None
    return int(number)
