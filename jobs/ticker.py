"""The ticker: every few seconds rings for every sweep, and leaves a sign of life.

Rings after a commit make things prompt; the ticker makes them certain. Two at once are harmless.
"""

import logging
import signal
import threading
from types import FrameType

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from cpor_web import clock, error_reports, logs
from cpor_web.extensions import bell, db
from cpor_web.models import Heartbeat
from cpor_web.monitoring.figures import TICKER
from cpor_web.queue import JOBS
from cpor_web.starting import stacks
from cpor_web.starting.loading import keep
from cpor_web.transactions import transaction
from jobs.app import app

log = logging.getLogger(__name__)


def tick() -> None:
    """Ring for every job, and say that the ticker lives."""
    for job in sorted(JOBS):
        bell.ring(job)
    beat = insert(Heartbeat).values(name=TICKER, at=clock.utcnow())
    with transaction(db.session):
        db.session.execute(beat.on_conflict_do_update(index_elements=["name"], set_={"at": beat.excluded.at}))


def main() -> None:
    """Tick until told to stop. Trouble of the database is logged and the next tick tries again."""
    stacks.tell_when_asked()
    settings = app().extensions["settings"]
    logs.set_up(settings.log_format)
    error_reports.set_up(settings.sentry_dsn, environment=settings.environment)
    keep()
    stop = threading.Event()

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    with app().app_context():
        while not stop.is_set():
            try:
                tick()
            except SQLAlchemyError as error:
                log.warning("the database is away: %s", type(error).__name__)
            stop.wait(settings.tick_seconds)


if __name__ == "__main__":
    main()
