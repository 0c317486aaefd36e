"""The installation's figures for Prometheus. Numbers only, and only for who may read them."""

import hmac
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from ipaddress import ip_address
from math import inf
from typing import Any

from flask import Blueprint, Response, abort, current_app, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from cpor_web import clock
from cpor_web.extensions import db
from cpor_web.monitoring import figures
from cpor_web.monitoring.figures import InDatabase, InRedis
from cpor_web.monitoring.health import in_redis
from cpor_web.web import measures
from cpor_web.web.current import now, settings

bp = Blueprint("metrics", __name__)

KEPT_SECONDS = 5.0
"""How long the database is not asked again, however many ask us."""


@bp.get("/metrics")
def show() -> ResponseReturnValue:
    """Return the figures as Prometheus reads them; to everybody else, the page does not exist."""
    if not _may_read():
        abort(404)
    body = generate_latest(measures.of_requests().counted()) + generate_latest(_of_the_installation())
    return Response(body, content_type=CONTENT_TYPE_LATEST)


def _may_read() -> bool:
    token, networks = settings().metrics_token, settings().metrics_from
    given = request.headers.get("Authorization", "")
    if token and hmac.compare_digest(given.encode("utf-8"), f"Bearer {token}".encode()):
        return True
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:  # a Unix socket's client has none
        return False
    return any(address in network for network in networks)


class _Kept:
    """The last answer of the database and of Redis, for the moment that it is good for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: tuple[InDatabase | None, InRedis | None] = None, None
        self._until = 0.0

    def found(self) -> tuple[InDatabase | None, InRedis | None]:
        """Return both, None for one that does not answer."""
        with self._lock:  # who comes meanwhile gets the same answer, and asks nobody
            if time.monotonic() >= self._until:
                self._found = _in_database(), in_redis()
                self._until = time.monotonic() + KEPT_SECONDS
            return self._found


def _in_database() -> InDatabase | None:
    try:
        return figures.in_database(db.session(), now=now())
    except SQLAlchemyError:
        db.session.rollback()
        return None


class _Installation(Collector):
    """Turns the figures into samples."""

    def __init__(self, database: InDatabase | None, redis: InRedis | None, now: datetime) -> None:
        self._database, self._redis, self._now = database, redis, now

    def collect(self) -> Iterator[Metric]:
        """Yield every sample."""
        yield _gauge("cpor_database_up", "1 where the database answers", self._database is not None)
        yield _gauge("cpor_redis_up", "1 where Redis answers", self._redis is not None)
        if self._database is not None:
            yield from self._of_database(self._database)
        if self._redis is not None:
            yield from _of_redis(self._redis)

    def _of_database(self, found: InDatabase) -> Iterator[Metric]:
        yield _by("cpor_mails", "Mails by state", "state", found.mails)
        yield _by("cpor_claims", "Claims by status", "status", found.claims)
        yield _gauge("cpor_mails_due", "Mails that should go out now", found.mails_due)
        yield _gauge("cpor_mails_for_a_person", "Mails that somebody should look at", found.for_a_person)
        yield _gauge("cpor_windows_due", "Consent windows that should be closed now", found.windows_due)
        yield _gauge("cpor_claims_overdue", "Claims that the operator should have decided by now", found.overdue)
        yield _gauge("cpor_documents_waiting", "Documents that were not scanned yet", found.documents_waiting)
        yield _gauge("cpor_holding", "1 while all closing is held", found.is_held)
        yield _gauge("cpor_mail_oldest_due_seconds", "How long the first due mail waits", self._age(found.oldest_due))
        waits = "How long mail is put off and none taken"
        yield _gauge("cpor_mail_oldest_deferred_seconds", waits, self._age(found.put_off_since))
        yield _gauge("cpor_window_oldest_due_seconds", "The same of a window", self._age(found.oldest_window))
        for name, words, at in (
            ("ticker", "the ticker ticked", found.ticked_at),
            ("mailbox", "the mailbox was read to its end", found.emptied_at),
            ("checkpoint", "the history was signed", found.checkpoint_at),
        ):
            if at is not None:
                yield _gauge(f"cpor_{name}_seconds", f"Seconds since {words}", self._since(at))

    def _since(self, moment: datetime) -> float:
        """Return what no alarm takes for a sign of life where a clock noted it that was ahead."""
        return inf if clock.is_ahead(moment, self._now) else self._age(moment)

    def _age(self, moment: datetime | None) -> float:
        return max((self._now - moment).total_seconds(), 0.0) if moment is not None else 0.0


def _of_redis(found: InRedis) -> Iterator[Metric]:
    yield _gauge("cpor_queue_jobs", "Jobs that wait for a worker", found.waiting)
    yield _gauge("cpor_workers", "Workers that give a sign of life", found.workers)
    runs = CounterMetricFamily("cpor_jobs", "Runs of jobs, of all workers together", labels=["job", "outcome"])
    seconds = CounterMetricFamily("cpor_job_seconds", "Seconds that they took", labels=["job"])
    for job, times in found.jobs.items():
        runs.add_metric([job, "done"], times.done)
        runs.add_metric([job, "failed"], times.failed)
        seconds.add_metric([job], times.seconds)
    yield from (runs, seconds)


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=float(value))


def _by(name: str, words: str, label: str, values: Mapping[Any, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=[label])
    for each, count in values.items():
        family.add_metric([str(each)], count)
    return family


def _of_the_installation() -> CollectorRegistry:
    kept: _Kept = current_app.extensions.setdefault("figures_kept", _Kept())
    registry = CollectorRegistry()
    registry.register(_Installation(*kept.found(), now()))
    return registry
