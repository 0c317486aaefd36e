"""The terminal that several processes share."""

import threading
from typing import TextIO

NAME_WIDTH = 8  # characters


class Console:
    """Writes whole lines, each with the name of who says it, from any thread."""

    def __init__(self, out: TextIO) -> None:
        """out: where to write; when nobody reads it any more, the console falls silent."""
        self._out: TextIO | None = out
        self._encoding = out.encoding or "utf-8"
        self._lock = threading.Lock()

    def say(self, name: str, text: str) -> None:
        """Write one line, or several with the name before each."""
        lines = "".join(f"{name:<{NAME_WIDTH}} | {line}\n" for line in text.splitlines() or [""])
        with self._lock:
            if self._out is None:
                return
            try:
                self._out.write(lines.encode(self._encoding, "replace").decode(self._encoding))
                self._out.flush()
            except (OSError, ValueError):  # a closed pipe, a closed file
                self._out = None
