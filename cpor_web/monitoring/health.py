"""For machines: alive, and able to work. Degraded is not down: what still serves customers stays in front of them."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from cpor_web import clock
from cpor_web.database import schema
from cpor_web.emails.condition import Outbox, is_late, outbox
from cpor_web.extensions import db
from cpor_web.history import checkpoints
from cpor_web.models import Heartbeat
from cpor_web.monitoring import figures
from cpor_web.monitoring.figures import TICKER, InRedis
from cpor_web.silence import holding, unread
from cpor_web.web import present
from cpor_web.web.current import now, programme_as_set_up, settings
from cpor_web.web.flask_settings import LOCAL

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

bp = Blueprint("health", __name__)

SILENT_FOR_SECONDS = 600
"""A ticker that has been silent for longer is dead."""

FOR_MACHINES = frozenset({"/healthz", "/readyz", "/metrics"})
"""What is asked from within, past the proxy, and by whatever name: of one web among several that is its address."""

_PROXY = "came_through_a_proxy"


def init_app(app: Flask) -> None:
    """Note of every request of people whether it came through a proxy; let machines ask by any name.

    Call it before proxies in front are believed: what machines ask has our own name whatever those say.
    """

    def note() -> None:
        asked = present.asked()
        if asked.path not in FOR_MACHINES:
            app.extensions[_PROXY] = "X-Forwarded-For" in asked.headers

    app.before_request(note)
    app.wsgi_app = _by_any_name(app.wsgi_app)  # type: ignore[assignment, method-assign]


def _by_any_name(ask: "WSGIApplication") -> "WSGIApplication":
    """Put a name of ours in place of the one that a machine asks by, so that no answer can repeat that."""

    def asked(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ.get("PATH_INFO") in FOR_MACHINES:
            environ["HTTP_HOST"] = LOCAL[0]
        return ask(environ, start_response)

    return asked


@bp.get("/healthz")
def alive() -> ResponseReturnValue:
    """Say that the process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """Say whether this process can serve, 503 where not: without a database that takes changes, or with old tables.

    What else is out of order is named under `degraded`; pages and denials work meanwhile.
    """
    try:
        standing = schema.standing(db.session().connection())
        if not schema.takes_changes(db.session().connection()):
            return jsonify(status="down", database="takes no changes", migrations=standing), 503
        if not standing.is_usable:
            return jsonify(status="down", database="ok", migrations=standing), 503
        tick = db.session.scalar(select(Heartbeat.at).where(Heartbeat.name == TICKER))
        mail, is_held = outbox(db.session(), now=now()), holding.is_in_force(db.session())
        checkpoint, emptied = db.session.scalar(checkpoints.newest_at()), unread.emptied_at(db.session())
    except SQLAlchemyError:
        return jsonify(status="down", database="down"), 503
    parts = {"ticker": _ticker(tick), **_behind_redis(), "mail": _mail(mail), "proxy": _proxy()}
    degraded = [name for name, state in parts.items() if state != "ok"]
    found: dict[str, object] = {"status": "degraded" if degraded else "ok", "degraded": degraded}
    found |= {"database": "ok", "migrations": standing, **parts, "checkpoint_seconds": _since(checkpoint)}
    if programme_as_set_up().has_mailbox:
        found |= {"mailbox_read_seconds": _since(emptied)}
    return jsonify(**found, holding=is_held, outbox=_figures(mail))


def in_redis() -> InRedis | None:
    """Return the figures that Redis knows, None where it does not answer."""
    from redis.exceptions import RedisError

    from cpor_web import redis_line

    try:
        return figures.in_redis(redis_line.to(settings().redis_url))
    except RedisError:
        return None


def _ticker(tick: datetime | None) -> str:
    silent = max(SILENT_FOR_SECONDS, 3 * settings().tick_seconds)
    since = _since(tick)
    return "ok" if since is not None and since < silent else "silent"


def _behind_redis() -> dict[str, str]:
    """Return how Redis does, and the workers, who are known there alone."""
    known = in_redis()
    if known is None:
        return {"redis": "away", "workers": "unknown"}
    return {"redis": "ok", "workers": "ok" if known.workers else "none"}


def _mail(mail: Outbox) -> str:
    return "late" if is_late(mail.oldest_due, mail.put_off_since, now=now()) else "ok"


def _proxy() -> str:
    """Say whether people come through a proxy that takes requests in whole, as far as one of them tells."""
    if not settings().in_production:
        return "ok"
    if not settings().trusted_proxies:
        return "none"
    return "ok" if current_app.extensions.get(_PROXY, True) else "bypassed"


def _since(moment: datetime | None) -> int | None:
    """Return how many seconds ago it was, None where it never was, or a clock says so that was ahead."""
    if moment is None or clock.is_ahead(moment, now()):
        return None
    return round((now() - moment).total_seconds())


def _figures(mail: Outbox) -> dict[str, object]:
    """Return the outbox in numbers, without the words of a mail server: everybody can read this."""
    return {
        "waiting": mail.waiting,
        "due": mail.due,
        "oldest_due_seconds": _since(mail.oldest_due) or 0,
        "oldest_deferred_seconds": _since(mail.put_off_since) or 0,
        "sent_in_a_minute": mail.sent_in_a_minute,
        "sent_in_an_hour": mail.sent_in_an_hour,
        "failed_in_a_day": mail.failed_in_a_day,
        "for_a_person": mail.for_a_person,
        "paused": [each.name for each in mail.paused],
    }
