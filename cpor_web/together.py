"""What several threads give at the same time is done by one of them, together.

While one is at work, what others give waits for it; whoever is next does all of that at once. Who comes alone is done
alone and waits for nobody. Nothing is kept for later: each thread goes on when its own was done.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

Given = TypeVar("Given")
Done = TypeVar("Done")


@dataclass(eq=False)
class _Turn(Generic[Given, Done]):
    """One that was given, and what came of it."""

    given: Given
    done: Done | None = None
    error: BaseException | None = None
    is_over: bool = False


class Together(Generic[Given, Done]):
    """Has `work` do up to `most` at once. Where it raises, all whose work it was see the error."""

    def __init__(self, work: Callable[[Sequence[Given]], Sequence[Done | None]], *, most: int) -> None:
        self._work, self._most = work, most
        self._waiting: deque[_Turn[Given, Done]] = deque()
        self._working = Lock()

    def do(self, given: Given, *, patience: float = -1) -> Done | None:
        """Return what came of it; None where it was given up, as nobody had begun it within `patience` seconds.

        By a negative `patience` it is never given up. Raises what `work` raised.
        """
        mine: _Turn[Given, Done] = _Turn(given)
        self._waiting.append(mine)
        if not self._working.acquire(timeout=patience):
            with suppress(ValueError):
                self._waiting.remove(mine)
                return None
            self._working.acquire()  # it was begun, so it is over when whoever did it lets go
        try:
            while not mine.is_over:
                self._work_off()
        finally:
            self._working.release()
        if mine.error is not None:
            raise mine.error
        return mine.done

    def _work_off(self) -> None:
        turns = [self._waiting.popleft() for _each in range(min(len(self._waiting), self._most))]
        try:
            for turn, done in zip(turns, self._work([turn.given for turn in turns]), strict=True):
                turn.done = done
        except BaseException as error:
            for turn in turns:
                turn.error = error
        for turn in turns:
            turn.is_over = True
