"""The installation in figures: what waits, since when, who has given a sign of life. Nobody's data are in them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from cpor_web.claims.queries import overdue
from cpor_web.emails.condition import needs_a_person, oldest_due, put_off_since
from cpor_web.history import checkpoints
from cpor_web.models import Claim, Document, Heartbeat, Holding, Mail, MailState, Round, RoundState, Scan
from cpor_web.monitoring import job_times
from cpor_web.monitoring.job_times import JobTimes
from cpor_web.queue import QUEUE
from cpor_web.rules.statuses import Status
from cpor_web.silence.unread import EMPTIED

if TYPE_CHECKING:
    from redis import Redis

TICKER = "ticker"


class InDatabase(NamedTuple):
    """What the database knows. Moments are None where it never was."""

    mails: Mapping[MailState, int]
    claims: Mapping[Status, int]
    mails_due: int
    oldest_due: datetime | None
    put_off_since: datetime | None
    for_a_person: int
    windows_due: int
    oldest_window: datetime | None
    overdue: int
    documents_waiting: int
    is_held: bool
    ticked_at: datetime | None
    emptied_at: datetime | None
    checkpoint_at: datetime | None


class InRedis(NamedTuple):
    """What Redis knows: jobs that wait, workers that live, what the jobs took."""

    waiting: int
    workers: int
    jobs: Mapping[str, JobTimes]


def in_database(session: Session, *, now: datetime) -> InDatabase:
    """Return the figures at `now`, of three queries."""
    mails = dict(session.execute(select(Mail.state, func.count()).group_by(Mail.state)).all())
    claims = dict(session.execute(select(Claim.status, func.count()).group_by(Claim.status)).all())
    row = session.execute(select(*(each.scalar_subquery() for each in _singles(now)))).one()
    due, oldest, put_off, person, windows, window, overdue, documents, held, ticked, emptied, checkpoint = row
    return InDatabase(
        mails={state: mails.get(state, 0) for state in MailState},
        claims={status: claims.get(status, 0) for status in Status},
        mails_due=due,
        oldest_due=oldest,
        put_off_since=put_off,
        for_a_person=person,
        windows_due=windows,
        oldest_window=window,
        overdue=overdue,
        documents_waiting=documents,
        is_held=held > 0,
        ticked_at=ticked,
        emptied_at=emptied,
        checkpoint_at=checkpoint,
    )


def _singles(now: datetime) -> Sequence[Select[Any]]:
    closing = (Round.state == RoundState.RUNNING, Round.reply_at.is_(None), Round.closes_at <= now)
    return (
        select(func.count()).where(Mail.due_at <= now),
        oldest_due(now),
        put_off_since(),
        select(func.count()).select_from(Mail).where(needs_a_person()),
        select(func.count()).where(*closing),
        select(func.min(Round.closes_at)).where(*closing),
        select(func.count()).where(overdue(now)),
        select(func.count()).where(Document.scan == Scan.WAITING),
        select(func.count()).where(Holding.released_at.is_(None)),
        select(Heartbeat.at).where(Heartbeat.name == TICKER),
        select(Heartbeat.at).where(Heartbeat.name == EMPTIED),
        checkpoints.newest_at(),
    )


def in_redis(redis: "Redis") -> InRedis:
    """Return the figures of now. Raises RedisError, also where it can be read and takes no writes: no ring arrives.

    Redis itself forgets a worker after eight silent minutes.
    """
    from rq import Queue, Worker
    from rq.serializers import JSONSerializer

    redis.set(f"{QUEUE}:written", 1, ex=1)
    queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
    # Their keys alone: RQ makes no object of a worker without having its connection wait for minutes from then on.
    known = Worker.all_keys(queue=queue)
    alive = cast(int, redis.exists(*known)) if known else 0
    return InRedis(queue.count, alive, job_times.read(redis))
