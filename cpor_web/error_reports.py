"""Errors are reported to Sentry where the operator wants it: what failed and where in the code, and nothing else.

No words of an exception, no values, no addresses of pages or people leave: the report is made anew from a short list.
"""

import logging
from typing import TYPE_CHECKING, Any

from cpor_web import logs
from cpor_web.version import __version__

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

log = logging.getLogger(__name__)

KEPT = ("event_id", "timestamp", "level", "platform", "environment", "release", "tags")
KEPT_OF_FRAME = ("module", "function", "lineno", "in_app")


def set_up(dsn: str, *, environment: str) -> None:
    """Report from now on each error that is logged with its exception. Does nothing without a DSN."""
    if not dsn:
        return
    try:
        import sentry_sdk
    except ImportError:
        log.warning("errors are not reported: CPOR_SENTRY_DSN is set, but the extra “sentry” is not installed")
        return
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=__version__,
        default_integrations=False,  # they look at requests, queries and arguments
        auto_enabling_integrations=False,
        include_local_variables=False,
        include_source_context=False,
        send_client_reports=False,
        max_breadcrumbs=0,
        server_name="",
        before_send=bare,
    )
    logging.getLogger().addHandler(_Reporter(logging.ERROR))


def bare(event: "Event", _hint: "Hint") -> "Event":
    """Return what may leave of a report: types, places in the code, and which request or job it was."""
    whole: dict[str, Any] = dict(event)
    left = {name: whole[name] for name in KEPT if name in whole}
    values = (whole.get("exception") or {}).get("values", ())
    left["exception"] = {"values": [_bare_exception(each) for each in values]}
    return left  # type: ignore[return-value]


def _bare_exception(value: dict[str, Any]) -> dict[str, Any]:
    frames = (value.get("stacktrace") or {}).get("frames", ())
    kept = [{name: frame[name] for name in KEPT_OF_FRAME if name in frame} for frame in frames]
    return {"type": value.get("type"), "module": value.get("module"), "stacktrace": {"frames": kept}}


class _Reporter(logging.Handler):
    """Reports what is logged as an error."""

    def emit(self, record: logging.LogRecord) -> None:
        """Report the exception of a record; a record without one stays in the log."""
        if not record.exc_info or record.exc_info[1] is None or record.name.startswith("sentry_sdk"):
            return
        import sentry_sdk

        with sentry_sdk.new_scope() as scope:
            scope.set_tags({"logger": record.name, **logs.ids()})
            scope.capture_exception(record.exc_info[1])
