"""What Flask and its extensions are told of the settings."""

from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import make_url

from cpor_web.config import Settings
from cpor_web.database import connections
from cpor_web.limiting.store import LATER

LOCAL = ("127.0.0.1", "localhost")
"""What a machine calls itself, and what asks for its health there."""

SHORTEST_LIMIT = 5.0
"""Seconds that a statement may always take. A grace of no more is for trying out only, and refused in production."""

KEPT_SECONDS = 60
"""After how long a connection is made anew. PostgreSQL compares a plan with those that it made before over the same
connection, and where tables have grown since, that can have it plan again and again."""

LINE = {
    "connect_timeout": 5,  # seconds, as those that follow
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,  # milliseconds
}
"""After how long a database's machine that is gone without a word is given up, by libpq's names."""


def for_flask(settings: Settings) -> dict[str, Any]:
    """Return what Flask and its extensions read from `app.config`."""
    newest, *older = settings.secret_keys
    secure = settings.public_url.startswith("https://")
    return {
        "SECRET_KEY": newest,
        "SECRET_KEY_FALLBACKS": older,
        "SESSION_COOKIE_NAME": _cookie_name(settings),
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PREFERRED_URL_SCHEME": "https" if secure else "http",
        "TRUSTED_HOSTS": _trusted_hosts(settings),
        "MAX_CONTENT_LENGTH": (settings.upload_mib + 1) * 2**20,  # one MiB for the rest of the form
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "connect_args": {"options": database_limits(settings), **_line(settings.database_url)},
            "pool_events": connections.EVENTS,
            "pool_size": settings.web_threads,  # else what more threads use is made anew each time
            "max_overflow": settings.web_threads,  # a customer's answer takes a second one while it has the first
            "pool_recycle": KEPT_SECONDS,
            "pool_use_lifo": True,  # else PostgreSQL plans for each of them in turn what one has planned already
            "hide_parameters": True,  # an error's text goes into the log, where no address belongs
        },
        "RATELIMIT_STORAGE_URI": _limiter_url(settings.redis_url),
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
        "RATELIMIT_SWALLOW_ERRORS": True,
        "RATELIMIT_STORAGE_OPTIONS": {"socket_timeout": 0.2, "socket_connect_timeout": 0.2},
        "BOOTSTRAP_SERVE_LOCAL": True,
        "WTF_CSRF_TIME_LIMIT": None,
    }


def database_limits(settings: Settings) -> str:
    # Below the grace: whatever a request of a customer waits for, it ends before a window is closed over it.
    limit = int(1000 * min(20.0, max(SHORTEST_LIMIT, settings.consent_grace * 0.8)))
    return f"-c lock_timeout={limit // 2} -c statement_timeout={limit} -c idle_in_transaction_session_timeout={limit}"


def _line(database_url: str) -> dict[str, int]:
    """Return what the database's URL does not say itself of the line to it."""
    said = make_url(database_url).query if database_url else {}
    return {name: value for name, value in LINE.items() if name not in said}


def _cookie_name(settings: Settings) -> str:
    # Browsers tell hosts apart, but not ports: two installations on one machine would sign each other out.
    is_local = urlsplit(settings.public_url).hostname in LOCAL
    name = f"cpor-{settings.port}" if is_local else "cpor"
    # With this prefix, browsers take it only over https and from this very host: no neighbour can plant one.
    return f"__Host-{name}" if settings.public_url.startswith("https://") else name


def _trusted_hosts(settings: Settings) -> list[str] | None:
    """Return the names that requests may ask for; None for any, for trying out in a network."""
    if not settings.in_production:
        return None
    return [urlsplit(settings.public_url).hostname or "", *settings.trusted_hosts, *LOCAL]


def _limiter_url(redis_url: str) -> str:
    scheme = "redis+" if redis_url.startswith("unix://") else ""
    return f"{LATER}{scheme}{redis_url}"
