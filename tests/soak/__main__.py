"""Run a soak and print its table; the exit code is 1 where something is not zero that must be."""

import argparse
import random
import ssl
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import trustme

from cpor_web.embedded.postgres import EmbeddedPostgres
from tests.soak import faults, journal, storm
from tests.soak.actions import ACTIONS, release
from tests.soak.verdict import Line, verdict
from tests.soak.world import WORKERS, World
from tests.support.installation import Installation

A_FAULT_EVERY = 7
TIME_PASSES_EVERY = 30
STORM_EVERY = 200
"""Actions."""

PATIENCE = 300.0
"""Seconds that a sweep may take, on machines that are busy."""

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
    parser.add_argument("--machines", type=int, choices=(1, 2), default=1, help="where it runs (default: 1)")
    asked = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if asked.seed is None else asked.seed
    print(f"seed {seed}, {asked.minutes:g} minutes", flush=True)
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="cpor-soak-", ignore_cleanup_errors=True))
        )
        postgres = stack.enter_context(EmbeddedPostgres(folder, fsync=False))  # of its own: it is to be killed
        postgres.create_database("cpor_soak")
        journal.prepare(postgres)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(folder / "authority.pem"))
        installation = Installation(postgres.url("cpor_soak"), folder, **_settings(folder))
        installation.smtp.certificate = _certificate(authority, installation.smtp.host)
        stack.enter_context(installation)
        journal.begin(installation)
        bad = [_certificate(trustme.CA(), installation.smtp.host), _certificate(authority, "elsewhere.example.org")]
        chance = random.Random(seed)
        world = World(installation, chance, postgres=postgres, bad_certificates=bad, machines=asked.machines)
        _soak(world, time.monotonic() + 60 * asked.minutes)
        _come_to_rest(world)
        lines = verdict(world)
    _print(lines)
    sys.exit(any(line.must_be_zero and line.number for line in lines))


def _settings(folder: Path) -> dict[str, str]:
    mail = {"mail_timeout": "3", "mail_security": "starttls", "mail_ca_file": str(folder / "authority.pem")}
    return {"workers": str(WORKERS), "hold_count": "4", "web_threads": "8", **mail}


def _certificate(by: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    by.issue_cert(name).configure_cert(context)
    return context


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
        if step % STORM_EVERY == 0:
            _calm(world)
            storm.strike(world)


def _pass(world: World, **span: float) -> None:
    """Move the clock while no worker is at work: what one has leased would all at once be long overdue."""
    _calm(world)
    world.stop_workers()
    world.installation.forward(**span)
    world.start_workers()
    world.done["time passed"] += 1


def _calm(world: World) -> None:
    faults.mend_what_is_due(world)
    world.let_mails_go_out(down_to=0, within=10.0)


def _come_to_rest(world: World) -> None:
    """Mend everything and let time pass until nothing is left that would happen by itself."""
    faults.mend_what_is_due(world)
    world.smtp.behave()
    release(world)
    storm.strike(world)
    for span in REST:
        release(world)
        _pass(world, **span)
        world.let_mails_go_out(down_to=0, within=300.0)
        world.installation.sweep(within=PATIENCE)
    release(world)
    world.installation.sweep(within=PATIENCE)
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
