"""Ends what does not come to an end: a server that goes on answering, a few bytes at a time."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def cut_after(seconds: float, line: Callable[[], socket.socket]) -> Iterator[None]:
    """Shut a socket down unless the block is left in time: its own timeout begins anew with every byte.

    `line` returns it as it is by then: where TLS begins within the block, it is another one. Raises TimeoutError
    where the block fails once it was cut.
    """
    was_cut = threading.Event()

    def cut() -> None:
        was_cut.set()
        with suppress(OSError, ValueError):
            line().shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if was_cut.is_set():
            raise TimeoutError("no complete answer in time") from error
        raise
    finally:
        timer.cancel()
