"""What several threads give at the same time is done by one of them, together.

While one is at work, what others give waits for it; the first of those then does all of that at once. Who comes alone
is done alone and waits for nobody. Nothing is kept for later: each thread goes on when its own was done, whatever was
given meanwhile.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Generic, TypeVar

Given = TypeVar("Given")
Done = TypeVar("Done")


@dataclass(eq=False)
class _Turn(Generic[Given, Done]):
    """One that was given, and what came of it. Whoever gave it is `called` when it is over, or to do what waits."""

    given: Given
    done: Done | None = None
    error: BaseException | None = None
    is_over: bool = False
    called: Event = field(default_factory=Event)


class Together(Generic[Given, Done]):
    """Has `work` do up to `most` at once. Where it raises, all whose work it was see the error."""

    def __init__(self, work: Callable[[Sequence[Given]], Sequence[Done | None]], *, most: int) -> None:
        self._work, self._most = work, most
        self._waiting: deque[_Turn[Given, Done]] = deque()
        self._is_at_work = False
        self._changing = Lock()  # held for a moment only, to change these two

    def do(self, given: Given, *, patience: float | None = None) -> Done | None:
        """Return what came of it; None where it was given up, as nobody had begun it within `patience` seconds.

        Without `patience` it is never given up. Raises what `work` raised.
        """
        mine: _Turn[Given, Done] = _Turn(given)
        self._line_up(mine)
        if not mine.called.wait(patience):
            if self._has_left(mine):
                return None
            mine.called.wait()  # it was begun, so it will be over
        if not mine.is_over:
            self._work_off()
        if mine.error is not None:
            raise mine.error
        return mine.done

    def _line_up(self, mine: _Turn[Given, Done]) -> None:
        with self._changing:
            self._waiting.append(mine)
            if not self._is_at_work:
                self._is_at_work = True
                mine.called.set()

    def _has_left(self, mine: _Turn[Given, Done]) -> bool:
        with self._changing:
            has_to_stay = mine.called.is_set() or mine not in self._waiting
            if not has_to_stay:
                self._waiting.remove(mine)
            return not has_to_stay

    def _work_off(self) -> None:
        """Do what waits, as the first of those who wait, and call the next one to do the rest."""
        with self._changing:
            turns = [self._waiting.popleft() for _each in range(min(len(self._waiting), self._most))]
        try:
            for turn, done in zip(turns, self._work([turn.given for turn in turns]), strict=True):
                turn.done = done
        except BaseException as error:
            for turn in turns:
                turn.error = error
        for turn in turns:
            turn.is_over = True
        with self._changing:
            self._is_at_work = bool(self._waiting)
            if self._waiting:
                self._waiting[0].called.set()
        for turn in turns:
            turn.called.set()
