"""The doorbell: tells RQ's workers that there is something to do. The database is the truth, so a lost ring is
made good by the next tick, and every failure of Redis ends here.
"""

import logging
import time
from threading import Timer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis import Redis
    from sqlalchemy.orm import Session, scoped_session

    AnySession = Session | scoped_session[Any]

log = logging.getLogger(__name__)

SEND_MAIL = "jobs.mail.drain"
CLOSE_WINDOWS = "jobs.windows.close_due"
LAPSE_DEADLINES = "jobs.windows.lapse_due"
ASSESS = "jobs.windows.assess_due"
HAND_OVER = "jobs.handover.deliver"
REMIND = "jobs.upkeep.remind"
DIGEST = "jobs.upkeep.digest"
CHECKPOINT = "jobs.upkeep.checkpoint"
COUNT_FIGURES = "jobs.upkeep.count_figures"
POLL_MAILBOX = "jobs.incoming.poll"
SETTLE_RECEIVED = "jobs.incoming.settle"
ERASE_RECEIVED = "jobs.incoming.erase"
SCAN_DOCUMENTS = "jobs.documents.scan"
TIDY_DOCUMENTS = "jobs.documents.tidy"
ERASE_WHAT_IS_OVER = "jobs.retention.erase"

JOBS = frozenset(
    {
        SEND_MAIL,
        CLOSE_WINDOWS,
        LAPSE_DEADLINES,
        ASSESS,
        HAND_OVER,
        REMIND,
        DIGEST,
        CHECKPOINT,
        COUNT_FIGURES,
        POLL_MAILBOX,
        SETTLE_RECEIVED,
        ERASE_RECEIVED,
        SCAN_DOCUMENTS,
        TIDY_DOCUMENTS,
        ERASE_WHAT_IS_OVER,
    }
)
"""The only names a worker runs. None takes an argument: what is due is in the database."""

QUEUE = "cpor"
COALESCED_MS = 300
AWAY_SECONDS = 1.0
"""For so long Redis is not asked again that did not answer: whoever rings would wait for it each time."""

ENOUGH_WAITING = 50
"""Jobs in the queue after which a ring adds nothing: any one of them does all that is due."""

FAILURE_TTL_SECONDS = 3600

_RINGS = "rings"


def ring_after_commit(session: "AnySession", job: str) -> None:
    """Have a job rung once what the session does is committed, by `transaction`; rolled back, it is not."""
    session.info.setdefault(_RINGS, set()).add(job)


def rung(session: "AnySession") -> list[str]:
    """Return the names of the jobs that the session has to ring, and forget them."""
    return sorted(session.info.pop(_RINGS, ()))


class Doorbell:
    """Rings jobs by name. What is rung within a moment of a ring is one more at its end.

    For the job that was rung first may be over by then, and have seen nothing of what is due since.
    """

    def __init__(self) -> None:
        self._url = ""
        self._rung_until: dict[str, float] = {}
        self._away_until = 0.0
        self._to_ring: dict[str, Timer] = {}

    def connect(self, url: str) -> None:
        """Remember where Redis is; nothing is opened before the first ring."""
        for timer in self._to_ring.values():
            timer.cancel()
        self._to_ring.clear()
        self._rung_until.clear()
        self._away_until = 0.0
        self._url = url

    def ring(self, job: str) -> bool:
        """Ask a worker to run `job` soon; return False where Redis could not be reached."""
        if job not in JOBS:
            raise ValueError(f"{job} is not on the list of jobs")
        if not self._url:
            return False
        began = time.monotonic()
        if began < self._away_until:
            self._ring_later(job, self._away_until - began)
            return False
        if began < (until := self._rung_until.get(job, 0.0)):
            self._ring_later(job, until - began)
            return True
        from redis.exceptions import RedisError

        from cpor_web import redis_line

        try:
            redis = redis_line.to(self._url)
            if redis.set(f"{QUEUE}:rung:{job}", 1, nx=True, px=COALESCED_MS):
                self._rung_until[job] = began + COALESCED_MS / 1000  # so long Redis would say that it was rung
                _enqueue(job, redis)
            else:
                self._ring_later(job, COALESCED_MS / 1000)
        except Exception as error:  # what it rings for is committed: whoever rings is not to fail over it
            self._away_until = time.monotonic() + AWAY_SECONDS
            if isinstance(error, RedisError | OSError):
                log.warning("redis takes no ring: %s; the next tick makes up for it", type(error).__name__)
            else:  # its words and its traceback could quote the address, with the password
                log.error("the bell cannot be rung: %s", type(error).__name__)  # noqa: TRY400
            return False
        return True

    def _ring_later(self, job: str, seconds: float) -> None:
        timer = Timer(seconds, self._ring_now, (job,))
        timer.daemon = True  # whoever ends leaves it to the next tick
        if self._to_ring.setdefault(job, timer) is timer:
            timer.start()

    def _ring_now(self, job: str) -> None:
        self._to_ring.pop(job, None)
        self.ring(job)


def _enqueue(job: str, redis: "Redis") -> None:
    from rq import Queue
    from rq.serializers import JSONSerializer

    queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
    if queue.count < ENOUGH_WAITING:
        queue.enqueue(job, job_timeout=-1, result_ttl=0, failure_ttl=FAILURE_TTL_SECONDS)
