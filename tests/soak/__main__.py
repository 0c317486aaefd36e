"""Run a soak and print its table; the exit code is 1 where something is not zero that must be."""

import argparse
import random
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.soak import faults
from tests.soak.actions import ACTIONS, release
from tests.soak.verdict import Line, verdict
from tests.soak.world import WORKERS, World
from tests.support import servers
from tests.support.installation import Installation

A_FAULT_EVERY = 7
TIME_PASSES_EVERY = 30
"""Actions."""

BACKLOG = 25
"""Mails that may be due before people are asked to wait for the workers."""

SPANS = ({"minutes": 20}, {"hours": 7}, {"days": 1}, {"days": 3}, {"days": 8})

REST = ({"hours": 2}, {"hours": 2}, {"days": 9}, {"days": 9}, {"hours": 2})
"""What passes at the end, until nothing is left that would happen by itself."""


def main() -> None:
    """Read what is asked for, and do it."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=3.0, help="how long (default: 3)")
    parser.add_argument("--seed", type=int, default=None, help="what is done, to do it again (default: a new one)")
    asked = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if asked.seed is None else asked.seed
    print(f"seed {seed}, {asked.minutes:g} minutes", flush=True)
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="cpor-soak-", ignore_cleanup_errors=True))
        )
        database = servers.start(stack).new_database("cpor_soak")
        told = {"workers": str(WORKERS), "mail_timeout": "3", "hold_count": "4", "web_threads": "8"}
        installation = stack.enter_context(Installation(database, folder, **told))
        world = World(installation, random.Random(seed))
        _soak(world, time.monotonic() + 60 * asked.minutes)
        _come_to_rest(world)
        lines = verdict(world)
    _print(lines)
    sys.exit(any(line.must_be_zero and line.number for line in lines))


def _soak(world: World, until: float) -> None:
    step, moves = 0, list(ACTIONS)
    while time.monotonic() < until:
        step += 1
        world.let_mails_go_out(down_to=BACKLOG, within=2.0)
        faults.mend_what_is_due(world, step)
        world.chance.choices(moves, list(ACTIONS.values()))[0](world)
        if step % A_FAULT_EVERY == 0:
            faults.strike(world, step)
        if step % TIME_PASSES_EVERY == 0:
            _pass(world, **world.chance.choice(SPANS))


def _pass(world: World, **span: float) -> None:
    """Move the clock while no worker is at work: what one has leased would all at once be long overdue."""
    faults.mend_what_is_due(world)
    world.let_mails_go_out(down_to=0, within=10.0)
    world.installation.stop("worker")
    world.installation.forward(**span)
    world.installation.start("worker")
    world.done["time passed"] += 1


def _come_to_rest(world: World) -> None:
    """Mend everything and let time pass until nothing is left that would happen by itself."""
    faults.mend_what_is_due(world)
    world.smtp.behave()
    for span in REST:
        release(world)
        _pass(world, **span)
        world.let_mails_go_out(down_to=0, within=300.0)
        world.installation.sweep()
    release(world)
    world.installation.sweep()
    world.installation.all_mail_is_out()


def _print(lines: list[Line]) -> None:
    width = max(len(line.name) for line in lines) + 2
    for line in lines:
        mark = ("   must be 0" if line.number else "   ok") if line.must_be_zero else ""
        print(f"{line.name:<{width}}{line.number:>7}{mark}")
        for detail in line.details[:20]:
            print(f"    {detail}")


if __name__ == "__main__":
    main()
