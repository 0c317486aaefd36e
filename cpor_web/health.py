"""For machines: alive, and able to work."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from cpor_web.current import now, settings
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
    """Say whether the database answers and the ticker ticks; 503 where not."""
    try:
        tick = db.session.scalar(select(Heartbeat.at).where(Heartbeat.name == TICKER))
    except SQLAlchemyError:
        return jsonify(status="down", database="down"), 503
    silent = max(SILENT_FOR_SECONDS, 3 * settings().tick_seconds)
    ticking = tick is not None and (now() - tick).total_seconds() < silent
    status = "ok" if ticking else "down"
    return jsonify(status=status, database="ok", ticker="ok" if ticking else "silent"), 200 if ticking else 503
