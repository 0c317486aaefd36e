"""Posts what the operator's own assessor is to know, in order for each assessment.

No transaction is open while the receiver is spoken to. A message can go out twice (its worker was stopped, its answer
was lost): it then has the same key.
"""

import time
from datetime import timedelta

from cpor_web import clock, current
from cpor_web.assessment import handover, receiver, signatures
from cpor_web.assessment.receiver import Away, Outcome
from cpor_web.extensions import bell, db
from cpor_web.queue import HAND_OVER
from cpor_web.transactions import transaction
from cpor_web.version import __version__
from jobs import pauses
from jobs.app import app

RECEIVER = "assessor"
BATCH = 10
MOST = 500
WORK = timedelta(seconds=60)
"""After this a delivery rings for the next one; a batch's posts end well within its lease."""


def deliver() -> None:
    """Post what is due, until nothing is, the time is up, or the receiver is away. Nothing unless by webhook."""
    with app().app_context():
        if current.settings().assessor != "webhook" or pauses.is_paused(RECEIVER):
            return
        _put_waiting()
        if not _work_off(time.monotonic() + WORK.total_seconds()):
            bell.ring(HAND_OVER)


def _put_waiting() -> None:
    found = MOST
    while found == MOST:
        with transaction(db.session):
            programme = current.programme()
            found = handover.put_waiting(db.session(), now=clock.utcnow(), programme=programme, most=MOST)


def _work_off(until: float) -> bool:
    """Return False where the time ran out before the hand-overs did."""
    while True:
        with transaction(db.session):
            batch = list(handover.lease(db.session(), now=clock.utcnow(), most=BATCH))
        if not batch:
            return True
        while batch:
            if time.monotonic() > until:
                _release(batch)
                return False
            outcome = _post(batch.pop(0))
            if isinstance(outcome, Away):
                _release(batch)
                pauses.pause(RECEIVER, outcome.answer)
                return True
            if outcome is not None:
                pauses.resume(RECEIVER)


def _post(handover_id: int) -> Outcome | None:
    settings, session = current.settings(), db.session()
    now = clock.utcnow()
    with transaction(db.session):
        begun = handover.begin(session, handover_id, now=now)
        message = (begun.key, receiver.as_json(begun.body)) if begun else None
    if message is None:
        return None
    key, body = message
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"cpor-web/{__version__}",
        "Idempotency-Key": key,
        **signatures.headers(settings.assessment_secrets, key, body, at=now),
    }
    outcome = receiver.post(settings.assessment_url, body, headers)
    with transaction(db.session):
        handover.settle(db.session(), handover_id, outcome, now=clock.utcnow())
    return outcome


def _release(handover_ids: list[int]) -> None:
    with transaction(db.session):
        handover.release(db.session(), handover_ids)
