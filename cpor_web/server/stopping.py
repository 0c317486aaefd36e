"""Running waitress until TERM, and then to the end of what it was asked: whoever pressed a button gets the answer.

waitress itself would die of the signal at once, in the midst of a request.
"""

import logging
import os
import select
import signal
import time
from types import FrameType
from typing import Any

import waitress
from flask import Flask
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer

from cpor_web.server.taking_in import Line

log = logging.getLogger(__name__)

SAME_SECONDS = 1.0
"""Within so long a second signal is the same one: sent to the whole group, and passed on by our parent."""

LOOK_SECONDS = 0.5
"""A signal is noticed after so long at most."""

STALLED_SECONDS = 60
"""So long somebody may take nothing of an answer that waits for them; then the line is cut."""

FINISH_SECONDS = 45
"""For requests that run, or are just coming in, when it is told to stop: below what supervisors wait for."""


def run_until_told(app: Flask, *, is_of_a_crew: bool = False, **how: Any) -> None:
    """Serve until TERM or INT, then take no more connections and answer what is there. A later signal ends at once.

    how: what `waitress.create_server` takes. is_of_a_crew: stop also when the process that forked us has gone.
    """
    told: list[float] = []
    parent = os.getppid()

    def stop(number: int, _frame: FrameType | None) -> None:
        told.append(time.monotonic())
        if told[-1] - told[0] > SAME_SECONDS:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    sockets: dict[int, Any] = {}
    server = waitress.create_server(app, map=sockets, **how)
    for listener in _listeners(sockets):
        listener.channel_class = Line
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    stalled, looked_at = Stalled(STALLED_SECONDS), time.monotonic()
    while not told and (not is_of_a_crew or os.getppid() == parent):
        wasyncore.loop(timeout=LOOK_SECONDS, map=sockets, count=1)
        if time.monotonic() - looked_at > LOOK_SECONDS:
            looked_at = time.monotonic()
            stalled.let_go(sockets)
    _finish(sockets)
    server.task_dispatcher.shutdown()


class Stalled:
    """Cuts the lines on which nothing was taken for `after` seconds of what waits there.

    That is a whole answer, or so much of one that the thread which makes it waits too. waitress itself marks lines
    that are to be closed, but then waits until they can be written to.
    """

    def __init__(self, after: float) -> None:
        self._after = after
        self._since: dict[HTTPChannel, tuple[float, float]] = {}

    def let_go(self, sockets: dict[int, Any]) -> None:
        """Look at all lines once."""
        now, before = time.monotonic(), self._since
        lines = [each for each in sockets.values() if isinstance(each, HTTPChannel) and _waits(each)]
        self._since = {line: (line.last_activity, now) for line in lines}
        for line in lines:
            taken, since = before.get(line, (0.0, now))
            if taken == line.last_activity:
                self._since[line] = (taken, since)
                if now - since > self._after:
                    line.handle_close()


def _waits(line: HTTPChannel) -> bool:
    may_wait = line.adj.outbuf_high_watermark if line.requests else 0
    return bool(line.total_outbufs_len > may_wait)


def _finish(sockets: dict[int, Any]) -> None:
    """Close the door behind those who stand in it, and answer them."""
    for listener in _listeners(sockets):
        while select.select([listener.socket], [], [], 0)[0]:
            listener.handle_accept()
        wasyncore.dispatcher.close(listener)  # its own would also end what wakes us for finished answers
    until = time.monotonic() + FINISH_SECONDS
    while (left := sum(_is_busy(each) for each in sockets.values())) and time.monotonic() < until:
        wasyncore.loop(timeout=LOOK_SECONDS, map=sockets, count=1)
    if left:
        log.warning("%d requests were cut off: they took too long", left)


def _listeners(sockets: dict[int, Any]) -> list[BaseWSGIServer]:
    return [each for each in sockets.values() if isinstance(each, BaseWSGIServer)]


def _is_busy(each: Any) -> bool:
    """Tell whether a connection has a request that is coming in, is worked on, or whose answer is not out."""
    return isinstance(each, HTTPChannel) and bool(each.request or each.requests or each.total_outbufs_len)
