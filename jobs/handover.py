"""Posts what the operator's own assessor is to know, in order for each assessment.

No transaction is open while the receiver is spoken to. A message can go out twice (its worker was stopped, its answer
was lost): it then has the same key.
"""

from collections.abc import Sequence

from cpor_web import clock
from cpor_web.assessment import handover, receiver, signatures
from cpor_web.assessment.receiver import Away, Outcome
from cpor_web.extensions import bell, db
from cpor_web.queue import HAND_OVER
from cpor_web.transactions import transaction
from cpor_web.version import __version__
from cpor_web.web import current
from jobs import pauses
from jobs.app import app
from jobs.leases import work_off
from jobs.turn import Turn

RECEIVER = "assessor"
BATCH = 10
MOST = 500


def deliver() -> None:
    """Post what is due, until nothing is, the time is up, or the receiver is away. Nothing unless by webhook."""
    with app().app_context():
        if current.settings().assessor != "webhook" or pauses.is_paused(RECEIVER):
            return
        _put_waiting()
        if not work_off(_lease, handover.release, _has_posted, Turn()):
            bell.ring(HAND_OVER)


def _put_waiting() -> None:
    found = MOST
    while found == MOST:
        with transaction(db.session):
            programme = current.programme()
            found = handover.put_waiting(db.session(), now=clock.utcnow(), programme=programme, most=MOST)


def _lease() -> Sequence[int]:
    with transaction(db.session):
        return list(handover.lease(db.session(), now=clock.utcnow(), most=BATCH))


def _has_posted(handover_id: int) -> bool:
    """Post one message; return False, and leave the receiver alone for a while, where it is away."""
    outcome = _post(handover_id)
    if isinstance(outcome, Away):
        pauses.pause(RECEIVER, outcome.answer)
    elif outcome is not None:
        pauses.resume(RECEIVER)
    return not isinstance(outcome, Away)


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
