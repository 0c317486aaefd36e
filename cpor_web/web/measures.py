"""How many requests there were, and how long they took: counted by all processes of a server, for Prometheus."""

from typing import cast

from flask import Flask, current_app
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.values import ValueClass

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""What a client may call a method is up to it; what we count by is not."""

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)


class Requests:
    """The requests that were answered, by endpoint; never by path, which can hold a customer's token."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._count = Counter(
            "cpor_requests", "Requests answered", ["endpoint", "method", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "cpor_request_seconds", "Seconds until the answer", ["endpoint"], buckets=BUCKETS, registry=self.registry
        )

    def note(self, endpoint: str, method: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._count.labels(endpoint, method if method in METHODS else "other", str(status)).inc()
        self._seconds.labels(endpoint).observe(seconds)

    def counted(self) -> CollectorRegistry:
        """Return what is to be told: of this process, or where several count together, of all of them."""
        if not getattr(ValueClass, "_multiprocess", False):
            return self.registry
        together = CollectorRegistry()
        MultiProcessCollector(together)
        return together


def init_app(app: Flask) -> None:
    """Count for this application."""
    disable_created_metrics()  # a second series for each, which nobody reads
    app.extensions["requests_measured"] = Requests()


def of_requests() -> Requests:
    """Return the counts of the current application."""
    return cast(Requests, current_app.extensions["requests_measured"])
