"""A storm: many windows fall due at once, and while they are closed so many reports come that it must be held."""

import time
from datetime import timedelta

from sqlalchemy import Connection, NestedTransaction, select, text
from sqlalchemy.orm import Session

from cpor_web.incoming import settling
from cpor_web.models import ReceivedMail
from tests.soak import actions, journal
from tests.soak.world import World
from tests.support import incoming_mail, returned_mail

WINDOWS = 60
"""As many are to fall due: half close together, in a moment; at the claims of the others somebody is at work."""

REPORTS = 15
SECONDS_TO_CLOSE_ONE = 60.0
SECONDS_TO_SWEEP = 300.0


def strike(world: World) -> None:
    """Let it come. `world.held_up` counts the windows that were due and not closed then."""
    _fill(world)
    world.stop_workers()
    world.installation.forward(days=9)
    before = journal.number(world.installation, "closed")
    with world.installation.engine.connect() as connection:
        due = _due(world)
        busy = _locked(connection, world.chance.sample(due, len(due) // 2))
        world.start_workers()
        until = time.monotonic() + SECONDS_TO_CLOSE_ONE
        while journal.number(world.installation, "closed") == before and time.monotonic() < until:
            time.sleep(0.01)
        for claim_id, lock in reversed(busy[-REPORTS:]):
            _one_comes_back(world, claim_id)
            lock.rollback()
            world.do("bounced in a storm", lambda session: _settle(world, session))
            if _is_held(world):
                break
        world.struck["reports while windows close"] += 1
        if _is_held(world):
            world.held_up += len(_due(world))
    if _is_held(world):
        world.installation.sweep(within=SECONDS_TO_SWEEP)


def _locked(connection: Connection, claim_ids: list[int]) -> list[tuple[int, NestedTransaction]]:
    """Lock claims, as who acts on them does: closing passes over them. To roll back the last lets that one go."""
    locked = []
    for claim_id in claim_ids:
        locked.append((claim_id, connection.begin_nested()))
        connection.execute(text("SELECT FROM claims WHERE id = :id FOR NO KEY UPDATE"), {"id": claim_id})
    return locked


def _fill(world: World) -> None:
    """Have windows that run, beyond those that the mix has left."""
    until = time.monotonic() + 60
    while len(_running(world)) < WINDOWS and time.monotonic() < until:
        for _ in range(WINDOWS // 4):
            actions.file(world)
            actions.approve(world)
        world.let_mails_go_out(down_to=0, within=10.0)


def _one_comes_back(world: World, claim_id: int) -> None:
    """Let a report about a claim's notice come in. Its consequences wait until nobody is at work at the claim."""
    notices = [mail for mail in world.notices() if world.claim_of(mail) == claim_id]
    if not notices:
        return
    notice = world.chance.choice(notices)
    raw = returned_mail.report(notice.mail_from, notice.recipients[0], returned=notice.raw)
    incoming_mail.take_in(world.installation, raw)


def _settle(world: World, session: Session) -> None:
    """Draw the consequences of what came in, as one more worker would."""
    waiting = select(ReceivedMail.id).where(ReceivedMail.settled_at.is_(None)).order_by(ReceivedMail.id)
    for number in session.scalars(waiting).all():
        settling.settle(session, number, now=world.now(), programme=world.installation.programme)


def _running(world: World) -> list[int]:
    return list(world.ids("SELECT claim_id FROM rounds WHERE state = 'running' ORDER BY claim_id"))


def _due(world: World) -> list[int]:
    statement = "SELECT claim_id FROM rounds WHERE state = 'running' AND closes_at < :now ORDER BY claim_id"
    return [row.claim_id for row in world.installation.query(statement, now=world.now() - timedelta(seconds=1))]


def _is_held(world: World) -> bool:
    return bool(world.installation.query("SELECT 1 FROM holdings WHERE released_at IS NULL"))
