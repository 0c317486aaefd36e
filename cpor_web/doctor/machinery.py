"""What works behind the pages: Redis, workers, the ticker, and how long things wait."""

from datetime import datetime, timedelta

from redis.exceptions import RedisError, ResponseError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from cpor_web import clock, redis_line
from cpor_web.config import Settings
from cpor_web.doctor.engines import engine_of
from cpor_web.doctor.findings import Finding, look, ok, wrong
from cpor_web.emails.condition import is_late
from cpor_web.monitoring import figures
from cpor_web.monitoring.figures import InDatabase
from cpor_web.monitoring.health import SILENT_FOR_SECONDS
from cpor_web.queue import ENOUGH_WAITING

OLDEST_REDIS = 6
LATE_WINDOW = timedelta(minutes=30)
LATE_MAILBOX = timedelta(minutes=5)
MANY_JOBS = ENOUGH_WAITING * 4 // 5
"""Above it nobody works the queue off. More than enough never wait, as rings then add nothing."""
POLICY = "noeviction"
FOLLOW_NTP = "A clock is wrong, or was: let all machines follow NTP."


def behind_redis(settings: Settings) -> list[Finding]:
    """Return how Redis is set up, and who works off what it holds; if it does not answer, that alone."""
    try:
        with redis_line.to(settings.redis_url) as connection:
            about, known = connection.info(), figures.in_redis(connection)
    except ResponseError as error:
        do = "Make room on its disk or in its memory (maxmemory). Is it a replica? CPOR_REDIS_URL must not name one."
        return [wrong("redis", f"takes no writes: {error}", do)]
    except RedisError as error:
        do = "Start Redis, or mend CPOR_REDIS_URL. Meanwhile pages work; mail and closings wait."
        return [wrong("redis", f"does not answer: {type(error).__name__}", do)]
    assert isinstance(about, dict)
    findings = [*_redis(about), _workers(known.workers, settings)]
    if known.waiting > MANY_JOBS:
        findings.append(look("queue", f"{known.waiting} jobs wait", "Start more workers: CPOR_WORKERS."))
    return findings


def _redis(about: dict[str, object]) -> list[Finding]:
    version, policy = str(about.get("redis_version", "0")), str(about.get("maxmemory_policy", "unknown"))
    if int(version.partition(".")[0]) < OLDEST_REDIS:
        return [wrong("redis", f"is version {version}", f"Take version {OLDEST_REDIS} or a newer one.")]
    findings = [ok("redis", f"version {version} answers")]
    if policy not in {POLICY, "unknown"}:
        do = f"Set maxmemory-policy {POLICY}: it may throw jobs and sign-in limits away. The ticker rings again."
        findings.append(look("redis memory", f"its policy is {policy}", do))
    if not about.get("aof_enabled"):
        do = "Set appendonly yes, or live with it: after its restart the next tick rings for everything."
        findings.append(look("redis on disk", "keeps no append-only file", do))
    return findings


def _workers(number: int, settings: Settings) -> Finding:
    if not number:
        return wrong("workers", "none gives a sign of life", "Start one, cpor worker; its log says why it ended.")
    if number < settings.workers:
        return look("workers", f"{number} of {settings.workers} live", "Look into the worker's log.")
    return ok("workers", f"{number} live")


def what_waits(settings: Settings, now: datetime) -> list[Finding]:
    """Return what the database tells of the others. For a database that answers, with its tables."""
    try:
        with engine_of(settings) as engine, Session(engine) as session:
            found = figures.in_database(session, now=now)
    except SQLAlchemyError as error:
        return [wrong("queues", f"cannot be read: {type(error).__name__}", "See the database above.")]
    findings = [_ticker(found, settings, now), _mail(found, now), _windows(found, now), _person(found)]
    if settings.imap_server:
        findings.append(_mailbox(found, now))
    return findings


def _ticker(found: InDatabase, settings: Settings, now: datetime) -> Finding:
    do = "Start it, cpor ticker. Windows close late meanwhile, never early."
    if found.ticked_at is None:
        return wrong("ticker", "has never ticked", do)
    if clock.is_ahead(found.ticked_at, now):
        return wrong("ticker", f"ticked {_ahead(found.ticked_at, now)}", f"{FOLLOW_NTP} {do}")
    silent = (now - found.ticked_at).total_seconds()
    if silent > max(SILENT_FOR_SECONDS, 3 * settings.tick_seconds):
        return wrong("ticker", f"has been silent for {_long(silent)}", do)
    return ok("ticker", f"ticked {_long(silent)} ago")


def _mail(found: InDatabase, now: datetime) -> Finding:
    words = f"{found.mails_due} due"
    if not is_late(found.oldest_due, found.put_off_since, now=now):
        return ok("mail queue", words)
    if found.oldest_due is not None:
        words += f", the first for {_long((now - found.oldest_due).total_seconds())}"
    if found.put_off_since is not None:
        words += f"; all that was tried is put off, for {_long((now - found.put_off_since).total_seconds())}"
    do = "See mail server and workers; Administration says why a way out is paused, Mails what the server answered."
    return wrong("mail queue", words, do)


def _windows(found: InDatabase, now: datetime) -> Finding:
    words = f"{found.windows_due} to be closed"
    if found.is_held:
        return look("windows", f"{words}; all closing is held", "Administration, Holding: see why, mend it, release.")
    if found.oldest_window is None or now - found.oldest_window <= LATE_WINDOW:
        return ok("windows", words)
    words += f", the first for {_long((now - found.oldest_window).total_seconds())}"
    return wrong("windows", words, "See workers, ticker and mailbox: nothing closes over mail that may be unread.")


def _person(found: InDatabase) -> Finding:
    if found.for_a_person:
        return look("mails", f"{found.for_a_person} need a person", "Mails, Needs a person: send again, or Done.")
    return ok("mails", "none needs a person")


def _mailbox(found: InDatabase, now: datetime) -> Finding:
    do = "See mailbox above. No window closes that was due after it was last read."
    if found.emptied_at is None:
        return wrong("mailbox read", "never, to its end", do)
    if clock.is_ahead(found.emptied_at, now):
        do = f"{FOLLOW_NTP} Nothing closes until a worker reads it again."
        return wrong("mailbox read", f"to its end {_ahead(found.emptied_at, now)}", do)
    since = now - found.emptied_at
    words = f"to its end {_long(since.total_seconds())} ago"
    return wrong("mailbox read", words, do) if since > LATE_MAILBOX else ok("mailbox read", words)


def _ahead(moment: datetime, now: datetime) -> str:
    return f"{_long((moment - now).total_seconds())} ahead of this machine's clock"


def _long(seconds: float) -> str:
    """Return a span in its largest unit."""
    for unit, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{max(seconds, 0):.0f} seconds"
