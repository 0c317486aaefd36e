"""Denying, undoing, closing, stopping and giving up, in every order and in every overlap: always one story."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import permutations, product
from queue import Queue

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from cpor_web.programme import Programme
from tests.consent.told import VERBS, Played, Story, Verb
from tests.support.rows import dump

ENOUGH_SECONDS = 120

WAITING = text("SELECT CAST(:first AS integer) = ANY(pg_blocking_pids(CAST(:second AS integer)))")
"""Whether the second connection waits for a lock that the first one holds."""


@pytest.mark.parametrize("order", list(permutations(VERBS)), ids="-".join)
def test_in_every_order_there_is_one_story(order: tuple[str, ...], db_session: Session, programme: Programme) -> None:
    played, story = Played(db_session, programme), Story()
    for name in order:
        before = dump(db_session)
        assert played.verb(name)(db_session) == story.tell(name), f"{name} of {order}, after {story.words}"
        played.assert_told(story, before, dump(db_session))


@pytest.mark.parametrize("is_denied", [False, True], ids=["running", "denied"])
@pytest.mark.parametrize("commits", [True, False], ids=["commits", "dies"])
@pytest.mark.parametrize(("first", "second"), list(product(VERBS, VERBS)))
def test_in_every_overlap_the_second_does_what_it_does_once_the_first_is_over(
    first: str, second: str, commits: bool, is_denied: bool, committed: Session, overlap: "Overlap"
) -> None:
    played, story = Played(committed, overlap.programme), Story()
    if is_denied:
        assert played.verb("deny")(committed) == story.tell("deny")
    committed.commit()
    before = dump(committed)
    committed.rollback()

    did = overlap.run(played.verb(first), played.verb(second), commits=commits)

    assert did[0] == (story if commits else Story(**vars(story))).tell(first)
    assert did[1] == story.tell(second), f"{second} after {story.words}"
    played.assert_told(story, before, dump(committed))


class Overlap:
    """Runs two steps over two connections: the second begins while the first holds its locks."""

    def __init__(self, engine: Engine, programme: Programme) -> None:
        self.engine, self.programme = engine, programme

    def run(self, first: Verb, second: Verb, *, commits: bool) -> tuple[str, str]:
        """Return what each did; the first ends, in the one way or the other, once the second waits for it."""
        number: Queue[int] = Queue()
        with ThreadPoolExecutor(1) as pool, Session(self.engine) as session:
            did = first(session)
            later = pool.submit(self._second, second, number)
            self._until_it_waits(_backend(session), number.get(timeout=ENOUGH_SECONDS), later)
            session.commit() if commits and did != "refused" else session.rollback()
            return did, later.result(timeout=ENOUGH_SECONDS)

    def _second(self, step: Verb, number: "Queue[int]") -> str:
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


@pytest.fixture
def overlap(engine: Engine, programme: Programme) -> Overlap:
    return Overlap(engine, programme)


def _backend(session: Session) -> int:
    number = session.scalar(text("SELECT pg_backend_pid()"))
    assert number is not None
    return int(number)
