"""For machines: alive, and able to work."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from cpor_web import holding
from cpor_web.current import now, settings
from cpor_web.emails.condition import Outbox, outbox
from cpor_web.extensions import db
from cpor_web.models import Heartbeat

bp = Blueprint("health", __name__)

TICKER = "ticker"
SILENT_FOR_SECONDS = 600
"""A ticker that has been silent for longer turns readiness red."""


@bp.get("/healthz")
def alive() -> ResponseReturnValue:
    """Say that the process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """Say whether the database answers and the ticker ticks, 503 where not; and how the outbox is doing."""
    try:
        tick = db.session.scalar(select(Heartbeat.at).where(Heartbeat.name == TICKER))
        mail, is_held = outbox(db.session(), now=now()), holding.in_force(db.session()) is not None
    except SQLAlchemyError:
        return jsonify(status="down", database="down"), 503
    silent = max(SILENT_FOR_SECONDS, 3 * settings().tick_seconds)
    ticking = tick is not None and (now() - tick).total_seconds() < silent
    status = "ok" if ticking else "down"
    found = {"status": status, "database": "ok", "ticker": "ok" if ticking else "silent"}
    return jsonify(**found, holding=is_held, outbox=_figures(mail)), 200 if ticking else 503


def _figures(mail: Outbox) -> dict[str, object]:
    """Return the outbox in numbers, without the words of a mail server: everybody can read this."""
    oldest = (now() - mail.oldest_due).total_seconds() if mail.oldest_due else 0
    return {
        "waiting": mail.waiting,
        "due": mail.due,
        "oldest_due_seconds": round(oldest),
        "sent_in_a_minute": mail.sent_in_a_minute,
        "sent_in_an_hour": mail.sent_in_an_hour,
        "failed_in_a_day": mail.failed_in_a_day,
        "for_a_person": mail.for_a_person,
        "paused": [each.name for each in mail.paused],
    }
