"""Redis is emptied, stopped, killed or frozen under running processes: work goes on, and what it rang for follows."""

import os
import signal
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from cpor_web.queue import QUEUE, SEND_MAIL
from tests.support import quick_claims
from tests.support.cast import RESTORE, Cast, link_in
from tests.support.installation import COMMANDS, Installation

MANY = 1000
MANY_WITHIN = 300.0
MANY_ASK = 20
ONE_TICK = {"tick_seconds": "300"}
"""A ticker that is told so ticks once, as it starts; the next tick is far beyond every test's end."""


def test_flushall_in_the_midst_of_a_drain_costs_no_mail_and_needs_no_tick(installation: Installation) -> None:
    claim = quick_claims.running(installation)
    installation.smtp.hang("DATA", address="reader0@midst.example.org")
    readers = quick_claims.queue_mails(claim, MANY, "midst.example.org")
    conversation = [f"RCPT TO:<{readers[0]}>", "DATA"]
    installation.eventually(lambda: installation.smtp.commands[-2:] == conversation, "the first is on its way")
    with installation.without("ticker"):
        _flush(installation)
        installation.smtp.behave()
        _each_arrives_once(installation, readers)


def test_flushall_while_no_drain_runs_and_the_rings_are_lost_costs_no_mail_and_one_tick(
    installation: Installation,
) -> None:
    claim = quick_claims.running(installation)
    with installation.without("worker"), installation.without("ticker"):
        readers = quick_claims.queue_mails(claim, MANY, "idle.example.org")
        installation.start("ticker", **ONE_TICK)
        with Redis.from_url(installation.redis.url) as redis:
            installation.eventually(lambda: _rang_for_mail(redis), "a worker was rung for")
            installation.stop("ticker")
            redis.flushall()
            installation.start("worker")
            installation.eventually(lambda: redis.smembers("rq:workers"), "the worker waits for a ring")
            assert not redis.llen(f"rq:queue:{QUEUE}")
        assert not _came(installation, readers), "the ring was not lost"
        installation.start("ticker", **ONE_TICK)
        _each_arrives_once(installation, readers)
        for name in ("worker", "ticker"):
            installation.stop(name)


def stopped(installation: Installation) -> Callable[[], object]:
    """Stop it in good order; what undoes that is returned."""
    installation.redis.stop()
    return installation.redis.start


def killed(installation: Installation) -> Callable[[], object]:
    """Kill it."""
    assert installation.redis.pid is not None
    os.kill(installation.redis.pid, signal.SIGKILL)
    installation.eventually(lambda: installation.redis.pid is None, "Redis is dead")
    return installation.redis.start


def frozen(installation: Installation) -> Callable[[], object]:
    """Let it take connections, and answer none."""
    pid = installation.redis.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    return lambda: os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("strike", [stopped, killed, frozen])
def test_without_redis_filing_approving_denying_and_restoring_work_and_mail_and_closing_follow(
    installation: Installation, strike: Callable[[Installation], Callable[[], object]]
) -> None:
    denied, restored = (Cast.gather(installation).file().approve() for _ in range(2))
    links = [link_in(cast.notice(), "d") for cast in (denied, restored)]
    installation.person().open(links[1]).press("Deny this association", {"Why do you deny it?": "Other"})
    undo = link_in(installation.mail_to(restored.carla_address, "Recorded"), "u")
    installation.all_mail_is_out()
    _many_ask_whether_it_is_ready(installation)
    silent = quick_claims.running(installation)
    processes = {name: installation.pid_of(name) for name in COMMANDS}
    mend = strike(installation)
    try:
        _many_ask_whether_it_is_ready(installation)
        filed = Cast.gather(installation).file().approve()
        installation.person().open(links[0]).press(
            "Deny this association", {"Why do you deny it?": "Not our partner"}
        )
        installation.person().open(undo).press(*RESTORE)
        assert denied.status_words("Rejected", "Customer decline")
        assert restored.status_words("Approved")
        assert filed.status_words("Approved")
        installation.forward(days=8, hours=1)
        assert silent.is_running()
        assert not installation.mails_to(filed.carla_address)
    finally:
        mend()
    installation.all_mail_is_out()
    assert len(installation.mails_to(filed.carla_address)) == 1
    assert installation.mail_to(denied.ines_address, "The customer denied")
    installation.eventually(lambda: silent.round_state == "passed", "the window is closed")
    assert {name: installation.pid_of(name) for name in COMMANDS} == processes


def _many_ask_whether_it_is_ready(installation: Installation) -> None:
    """As whoever sends people to the web does, of each of its processes: each then has many lines to Redis."""
    people = [installation.person() for _each in range(MANY_ASK)]
    with ThreadPoolExecutor(MANY_ASK) as at_once:
        answers = list(at_once.map(lambda each: each.open("/readyz").status, people))
    assert answers == [200] * MANY_ASK


def _flush(installation: Installation) -> None:
    with Redis.from_url(installation.redis.url) as redis:
        redis.flushall()


def _rang_for_mail(redis: Redis) -> bool:
    waiting = Queue(QUEUE, connection=redis, serializer=JSONSerializer).jobs
    return any(job.func_name == SEND_MAIL for job in waiting)


def _came(installation: Installation, readers: list[str]) -> "Counter[str]":
    return Counter(mail.recipients[0] for mail in installation.smtp.mails if mail.recipients[0] in readers)


def _each_arrives_once(installation: Installation, readers: list[str]) -> None:
    waiting = "SELECT 1 FROM mails WHERE due_at IS NOT NULL LIMIT 1"
    installation.eventually(lambda: not installation.query(waiting), "all mail is out", within=MANY_WITHIN)
    assert _came(installation, readers) == dict.fromkeys(readers, 1)
