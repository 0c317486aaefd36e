"""What comes while somebody is at work is done next, together."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

import pytest

from cpor_web.customers.together import Together

NOBODY_AT_IT = 0.05


class Work:
    """Says of each what it was given, in capitals; stops at the first call until it may go on."""

    def __init__(self) -> None:
        self.calls: list[Sequence[str]] = []
        self.may_go_on = Event()

    def __call__(self, many: Sequence[str]) -> Sequence[str]:
        may_go_on = self.may_go_on  # that of when it was called
        self.calls.append(many)
        assert may_go_on.wait(60)
        if "broken" in many:
            raise ValueError("broken")
        return [each.upper() for each in many]


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def until(so: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not so():
        assert time.monotonic() < end
        time.sleep(0.001)


def stop_again(work: Work) -> None:
    """Let it go on, and stop at its next call."""
    stands, work.may_go_on = work.may_go_on, Event()
    stands.set()


def given_in_turn(
    threads: ThreadPoolExecutor, together: Together[str, str], work: Work, *words: str
) -> list[Future[str | None]]:
    """Give the first word, and when it is at work the others, which wait in this order."""
    futures = [threads.submit(together.do, words[0])]
    until(lambda: len(work.calls) == 1)
    for number, word in enumerate(words[1:], 1):
        futures.append(threads.submit(together.do, word))
        until(lambda number=number: len(together._waiting) == number)  # type: ignore[misc]
    return futures


def test_who_comes_alone_is_done_alone(work: Work) -> None:
    work.may_go_on.set()
    together = Together(work, most=9)

    assert [together.do("a"), together.do("b")] == ["A", "B"]
    assert work.calls == [["a"], ["b"]]


def test_each_gets_its_own_of_what_was_done_together(work: Work, threads: ThreadPoolExecutor) -> None:
    futures = given_in_turn(threads, Together(work, most=9), work, "a", "b", "c", "d")
    work.may_go_on.set()

    assert [each.result(60) for each in futures] == ["A", "B", "C", "D"]
    assert work.calls == [["a"], ["b", "c", "d"]]


def test_no_more_than_so_many_are_done_together(work: Work, threads: ThreadPoolExecutor) -> None:
    futures = given_in_turn(threads, Together(work, most=2), work, *"abcdef")
    work.may_go_on.set()

    assert [each.result(60) for each in futures] == list("ABCDEF")
    assert [len(each) for each in work.calls] == [1, 2, 2, 1]


def test_an_error_is_seen_by_those_whose_work_it_was_and_by_nobody_else(
    work: Work, threads: ThreadPoolExecutor
) -> None:
    first, *both, last = given_in_turn(threads, Together(work, most=2), work, "a", "b", "broken", "c")
    work.may_go_on.set()

    assert (first.result(60), last.result(60)) == ("A", "C")
    for each in both:
        with pytest.raises(ValueError, match="broken"):
            each.result(60)


def test_what_nobody_has_begun_in_time_is_given_up_and_never_done(work: Work, threads: ThreadPoolExecutor) -> None:
    together = Together(work, most=9)
    (first,) = given_in_turn(threads, together, work, "a")

    assert together.do("b", patience=NOBODY_AT_IT) is None

    work.may_go_on.set()
    assert (first.result(60), together.do("c")) == ("A", "C")
    assert work.calls == [["a"], ["c"]]


def test_what_was_begun_is_waited_for_however_long_it_takes(work: Work, threads: ThreadPoolExecutor) -> None:
    together = Together(work, most=9)
    first = threads.submit(together.do, "a", patience=60)
    until(lambda: len(work.calls) == 1)
    taken_along = [threads.submit(together.do, each, patience=60) for each in "bc"]
    until(lambda: len(together._waiting) == 2)
    stop_again(work)
    until(lambda: len(work.calls) == 2)

    impatient = threads.submit(together.do, "d", patience=NOBODY_AT_IT)

    assert first.result(60) == "A"
    assert impatient.result(60) is None
    assert not any(each.done() for each in taken_along)
    work.may_go_on.set()
    assert sorted(each.result(60) or "" for each in taken_along) == ["B", "C"]


def test_whose_work_is_done_waits_for_nothing_that_was_given_later(work: Work, threads: ThreadPoolExecutor) -> None:
    together = Together(work, most=9)
    futures = given_in_turn(threads, together, work, *"abcd")
    stop_again(work)
    until(lambda: len(work.calls) == 2)
    later = [threads.submit(together.do, word) for word in "efgh"]
    until(lambda: len(together._waiting) == 4)
    stop_again(work)

    assert [each.result(60) for each in futures] == ["A", "B", "C", "D"]
    assert not any(each.done() for each in later)
    work.may_go_on.set()
    assert [each.result(60) for each in later] == ["E", "F", "G", "H"]
