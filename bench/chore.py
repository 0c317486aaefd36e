"""A process that has the program loaded as a worker has, does a chore when it is asked, and says how long it took."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from bench.house import Place


class Chore:
    """The process as seen from a benchmark. `more`: settings over the place's, by their names in the environment."""

    def __init__(self, place: "Place", more: Mapping[str, str] | None = None) -> None:
        env = os.environ | place.env | dict(more or {})
        self._child = subprocess.Popen(
            [sys.executable, "-m", "bench.chore"], env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def seconds(self, name: str) -> float:
        """Have a chore done, and return how long it took."""
        self.begin(name)
        return self.end()

    def begin(self, name: str) -> None:
        """Have a chore begun."""
        assert self._child.stdin is not None
        self._child.stdin.write(f"{name}\n")
        self._child.stdin.flush()

    def end(self) -> float:
        """Wait for what was begun, and return how long it took."""
        assert self._child.stdout is not None
        return float(self._child.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._child.communicate()


def main() -> None:
    """Do the chores that standard input names."""
    from jobs import mail, windows, worker

    worker.load()
    chores = {"close": windows.close_due, "send": mail.drain}
    for line in sys.stdin:
        began = time.perf_counter()
        chores[line.strip()]()
        sys.stdout.write(f"{time.perf_counter() - began}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
