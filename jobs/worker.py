"""The worker: loads the application, then forks as many workers as the settings say, and keeps them running.

Each is an RQ worker that runs its jobs in its own process, and only jobs whose names are on our list.
"""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker, worker_registration
from rq.exceptions import DeserializationError
from rq.job import Job
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer

from cpor_web import clock, error_reports, logs
from cpor_web.monitoring import job_times
from cpor_web.queue import JOBS, QUEUE
from cpor_web.server.crew import Crew
from cpor_web.starting import stacks
from cpor_web.starting.loading import make_ready
from jobs.app import app
from jobs.turn import told_to_stop

log = logging.getLogger(__name__)


class BareJob(Job):
    """A job of which RQ imports and calls nothing but its function, not even when it clears up after lost ones."""

    success_callback = failure_callback = stopped_callback = property(lambda _self: None)

    def send_webhooks(self, *_args: object, **_more: object) -> None:
        """Send nothing: what is in Redis must not choose whom this machine talks to."""


class ListedWorker(SimpleWorker):
    """Runs the jobs on our list, and no others: whoever can write to Redis must not choose what runs here."""

    max_connection_wait_time = 2.0
    """Seconds until it looks again for a Redis that is away; RQ would wait up to a minute."""

    def handle_warm_shutdown_request(self) -> None:
        """Have the job that runs leave what it has not begun: no stop waits until a month's end is worked off."""
        told_to_stop.set()
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Give a sign of life, and be on the list of workers again where Redis was emptied."""
        super().heartbeat(timeout, pipeline)
        worker_registration.register(self, pipeline)

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run a listed job; drop any other unrun."""
        if is_listed(job):
            with logs.of_job(job.id), self._timed(job):
                super().execute_job(job, queue)
        else:
            log.error("refused a job that is not on the list")
            job.delete()

    def perform_job(self, job: Job, queue: Queue) -> bool:
        """Run the job, and remember whether it went well."""
        self._went_well = super().perform_job(job, queue)
        return self._went_well

    @contextmanager
    def _timed(self, job: Job) -> Iterator[None]:
        """Count the run in Redis; where that is away, it is not counted."""
        self._went_well, started = False, time.perf_counter()
        yield
        with suppress(RedisError):
            spent = time.perf_counter() - started
            job_times.note(self.connection, str(job.func_name), seconds=spent, succeeded=self._went_well)

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Note the exception of a job so that it is reported; RQ logs its words alone."""
        super().handle_exception(job, *exc_info)
        log.error("a job failed", exc_info=exc_info)

    def handle_job_failure(
        self, job: Job, queue: Queue, started_job_registry: StartedJobRegistry | None = None, exc_string: str = ""
    ) -> None:
        """Note that a job failed, without its traceback: that is in our log, and could hold what Redis must not."""
        super().handle_job_failure(job, queue, started_job_registry)


def is_listed(job: Job) -> bool:
    """Tell whether a job is one of ours: a name on the list, without arguments and without callbacks."""
    try:
        callbacks = (job._success_callback_name, job._failure_callback_name, job._stopped_callback_name)
        return job.func_name in JOBS and not job.args and not job.kwargs and not job.instance and not any(callbacks)
    except (DeserializationError, ValueError, TypeError, AttributeError):
        return False


def work() -> None:
    """Be one worker until told to stop, or until Redis is away."""
    connection = Redis.from_url(app().extensions["settings"].redis_url)
    queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer, job_class=BareJob)
    try:
        worker = ListedWorker([queue], connection=connection, serializer=JSONSerializer, job_class=BareJob)
        worker.work(with_scheduler=False, logging_level="WARNING")
    except RedisError as error:
        log.warning("redis is away: %s", type(error).__name__)


def load() -> None:
    """Load all that jobs need, which stays: before the fork, so that workers share its memory."""
    import jobs.handover
    import jobs.incoming
    import jobs.mail
    import jobs.windows  # noqa: F401 - loaded before the fork

    make_ready(app(), today=clock.utcnow().date())


def main() -> None:
    """Load before the fork, and have workers that open connections of their own."""
    stacks.tell_when_asked()
    settings = app().extensions["settings"]
    logs.set_up(settings.log_format)
    error_reports.set_up(settings.sentry_dsn, environment=settings.environment)
    load()
    Crew(settings.workers, work).run()
    sys.exit(0)


if __name__ == "__main__":
    main()
