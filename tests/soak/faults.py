"""What breaks: each strikes at once, and is mended a few actions later where it does not pass by itself."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from cpor_web.embedded.exc import StartError
from tests.soak import actions
from tests.soak.world import WORKERS, World

MENDED_AFTER = 6
"""Actions."""


def strike(world: World, step: int) -> None:
    """Let one thing break, unless something else is broken still."""
    if world.mends:
        return
    fault = world.chance.choice(list(FAULTS))
    mend = fault(world)
    world.struck[FAULTS[fault]] += 1
    if mend is not None:
        world.mends.append((step + MENDED_AFTER, mend))


def mend_what_is_due(world: World, step: int | None = None) -> None:
    """Mend what was broken long enough; all of it without a `step`."""
    for at, mend in list(world.mends):
        if step is None or at <= step:
            mend()
            world.mends.remove((at, mend))


def _kill_a_worker(world: World) -> None:
    crew = _worker(world)
    children = Path(f"/proc/{crew}/task/{crew}/children").read_text(encoding="ascii").split()
    if children:
        world.may_be_doubled += 1
        os.kill(int(world.chance.choice(children)), signal.SIGKILL)


def _kill_all_workers(world: World) -> None:
    """Those of the first machine, where there are two."""
    world.may_be_doubled += WORKERS
    world.installation.kill("worker")
    world.installation.start("worker")


def _kill_between_250_and_commit(world: World) -> None:
    """The worst moment: the server has the mail, and the worker has not noted it."""
    before = len(world.smtp.mails)
    world.smtp.hang("STORED", times=1)
    actions.file(world)
    with suppress(TimeoutError):
        world.smtp.wait_for(before + 1, timeout=20.0)
    _kill_all_workers(world)
    world.smtp.release()


def _kill_the_ticker(world: World) -> Callable[[], object]:
    world.installation.kill("ticker")
    return lambda: world.installation.start("ticker")


def _flush(world: World) -> None:
    with suppress(RedisError), Redis.from_url(world.installation.redis.url) as redis:
        redis.flushall()


def _kill_redis(world: World) -> Callable[[], object]:
    assert world.installation.redis.pid is not None
    os.kill(world.installation.redis.pid, signal.SIGKILL)
    world.installation.eventually(lambda: world.installation.redis.pid is None, "Redis is dead")
    return world.installation.redis.start


def _freeze_redis(world: World) -> Callable[[], object]:
    """It takes connections, and answers none."""
    pid = world.installation.redis.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    return lambda: os.kill(pid, signal.SIGCONT)


def _stop_the_mail_server(world: World) -> Callable[[], object]:
    # What it has stored and not answered yet is in doubt from now on.
    world.may_be_doubled += world.workers
    world.smtp.stop()
    return world.smtp.start


def _lose_answers(world: World) -> None:
    times = world.chance.choice((1, 2, 3))
    world.may_be_doubled += times
    world.smtp.drop(world.chance.choice(("STORED", "MESSAGE")), times=times)


def _put_off(world: World) -> None:
    answer = world.chance.choice(("451 4.7.1 Greylisted", "452 4.2.2 Over quota"))
    world.smtp.fail(world.chance.choice(("RCPT", "DATA")), answer, times=world.chance.choice((1, 3, 8)))


def _refuse(world: World) -> None:
    world.smtp.fail("RCPT", "550 5.1.1 No such user", times=world.chance.choice((1, 2)))


def _block(world: World) -> None:
    world.smtp.fail("RCPT", "554 5.7.1 Listed as a source of spam", times=20)


def _turn_away(world: World) -> None:
    world.smtp.fail(world.chance.choice(("CONNECT", "MAIL")), "421 4.3.2 Not now", times=world.chance.choice((1, 3)))


def _hang_up(world: World) -> None:
    world.smtp.drop(world.chance.choice(("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "QUIT")), times=2)


def _hang(world: World) -> Callable[[], object]:
    step = world.chance.choice(("EHLO", "RCPT", "DATA", "STORED"))
    world.may_be_doubled += step == "STORED"
    world.smtp.hang(step, times=1)
    return world.smtp.release


def _show_a_bad_certificate(world: World) -> Callable[[], object]:
    good, world.smtp.certificate = world.smtp.certificate, world.chance.choice(world.bad_certificates)
    world.may_be_doubled += world.workers  # what was stored and not answered yet
    world.smtp.drop_connections()
    return lambda: setattr(world.smtp, "certificate", good)


def _stop_postgres(world: World) -> None:
    """In good order, as its operator does: transactions are rolled back, connections ended."""
    _without_postgres(world, world.postgres.stop)


def _kill_postgres(world: World) -> None:
    assert world.postgres.pid is not None
    _without_postgres(world, lambda: os.kill(world.postgres.pid or 0, signal.SIGKILL))


def _without_postgres(world: World, end: Callable[[], object]) -> None:
    """Let customers deny meanwhile: each is told that it did not work, or it did."""
    # The server has taken a mail, and nobody can note it: each worker may have one in doubt.
    world.may_be_doubled += world.workers
    end()
    world.installation.eventually(lambda: world.postgres.pid is None, "PostgreSQL is away")
    for _ in range(3):
        actions.deny(world)
    world.installation.eventually(lambda: _starts(world), "PostgreSQL is back")
    world.installation.engine.dispose()


def _starts(world: World) -> bool:
    try:
        world.postgres.start()
    except StartError:  # what is left of the killed one is still in the way
        return False
    return True


def _worker(world: World) -> int:
    return world.installation.pid_of("worker")


FAULTS: dict[Callable[[World], Callable[[], object] | None], str] = {
    _kill_a_worker: "a worker killed",
    _kill_all_workers: "all workers killed",
    _kill_between_250_and_commit: "all workers killed over a mail",
    _kill_the_ticker: "ticker killed",
    _flush: "FLUSHALL",
    _kill_redis: "Redis killed",
    _freeze_redis: "Redis silent",
    _stop_the_mail_server: "mail server stopped",
    _lose_answers: "answers to DATA lost",
    _put_off: "4xx",
    _refuse: "5xx",
    _block: "5xx to twenty in a row",
    _turn_away: "421",
    _hang_up: "connections dropped",
    _hang: "mail server silent",
    _show_a_bad_certificate: "bad certificates",
    _stop_postgres: "PostgreSQL stopped",
    _kill_postgres: "PostgreSQL killed",
}
"""With what they are called."""
