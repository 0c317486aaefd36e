"""How many requests there were, and how long they took: counted by all processes of a server, for Prometheus."""

import logging
import os
from pathlib import Path
from threading import Lock
from typing import cast

from flask import Flask, current_app
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.values import ValueClass

from cpor_web.paths import COUNTS

log = logging.getLogger(__name__)

ROOM = 2**20
"""Bytes that a process takes at once for each of its files there, more than it ever fills."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""What a client may call a method is up to it; what we count by is not."""

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)


class Requests:
    """The requests that were answered, by endpoint; never by path, which can hold a customer's token."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._has_room_in, self._is_told, self._lock = 0, False, Lock()
        self._count = Counter(
            "cpor_requests", "Requests answered", ["endpoint", "method", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "cpor_request_seconds", "Seconds until the answer", ["endpoint"], buckets=BUCKETS, registry=self.registry
        )

    def note(self, endpoint: str, method: str, status: int, seconds: float) -> None:
        """Count a request. Where that fails, it is answered all the same: what it asked for is done."""
        try:
            self._take_room()
            self._count.labels(endpoint, method if method in METHODS else "other", str(status)).inc()
            self._seconds.labels(endpoint).observe(seconds)
        except Exception as error:  # whatever the library thinks of a folder that was taken away from it
            if not self._is_told:
                log.warning("requests are not counted: %s", type(error).__name__)
            self._is_told = True

    def _take_room(self) -> None:
        """Have files with room in them to count in, by the names that the library gives them.

        It would make them without: on a full disk the kernel then kills whoever writes into them.
        """
        if not _several() or self._has_room_in == os.getpid():
            return
        with self._lock:
            for kind in ("counter", "histogram"):
                file = Path(os.environ[COUNTS], f"{kind}_{os.getpid()}.db")
                if not file.exists():
                    part = file.with_suffix(".part")
                    part.write_bytes(bytes(ROOM))
                    part.replace(file)
            self._has_room_in = os.getpid()

    def counted(self) -> CollectorRegistry:
        """Return what is to be told: of this process, or where several count together, of all of them."""
        if not _several():
            return self.registry
        together = CollectorRegistry()
        if Path(os.environ[COUNTS]).is_dir():
            MultiProcessCollector(together)
        return together


def _several() -> bool:
    return bool(getattr(ValueClass, "_multiprocess", False))


def init_app(app: Flask) -> None:
    """Count for this application."""
    disable_created_metrics()  # a second series for each, which nobody reads
    app.extensions["requests_measured"] = Requests()


def of_requests() -> Requests:
    """Return the counts of the current application."""
    return cast(Requests, current_app.extensions["requests_measured"])
