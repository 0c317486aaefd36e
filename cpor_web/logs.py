"""Where log lines go: one a line, to standard error. None of them holds an address, a token or a path.

Each line says of which request or job it is, so that what belongs together can be found together.
"""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from textwrap import indent
from typing import Any

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
PLAIN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "request", "job"}
"""What every record has. The rest was given with `extra`, to be read by machines."""

request_id: ContextVar[str] = ContextVar("request_id", default="")
job_id: ContextVar[str] = ContextVar("job_id", default="")


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What ends a line, or does something to the terminal of who reads it."""

_CONTROL_BUT_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class TextFormatter(logging.Formatter):
    """A line for people, with the id of the request or job at its end, and a traceback in lines below."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """Return the moment in UTC, as JSON has it."""
        return _moment(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line, without the traceback."""
        line = super().formatMessage(record) + "".join(f" {name}={value}" for name, value in ids().items())
        return _CONTROL.sub(_escaped, line)

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """Return the traceback, in as many lines as it has, indented: none looks like a line of ours."""
        return indent(_CONTROL_BUT_LINES.sub(_escaped, super().formatException(ei)), "  ", lambda _: True)


class JsonFormatter(logging.Formatter):
    """An object a line, for programs."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the traceback in it where there is one."""
        line: dict[str, object] = {
            "at": _moment(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **ids(),
            **{name: value for name, value in record.__dict__.items() if name not in PLAIN},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        written = json.dumps(line, ensure_ascii=False, default=str)
        return _CONTROL.sub(lambda control: f"\\u{ord(control[0]):04x}", written)


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _escaped(control: re.Match[str]) -> str:
    return control[0].encode("unicode_escape").decode()


def set_up(form: str = "text") -> None:
    """Log from INFO on, as "text" or "json"; the noise of libraries from WARNING on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter(FORMAT))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    # Nobody is told which thread or process says something: looked up for each line, that took half of its time.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    for name in ("cpor_web", "jobs"):
        logging.getLogger(name).setLevel(logging.INFO)


@contextmanager
def of_job(id: str) -> Iterator[None]:
    """Say in each line meanwhile of which job it is."""
    token = job_id.set(id)
    try:
        yield
    finally:
        job_id.reset(token)


def ids() -> dict[str, str]:
    """Return which request or job this is, by those names; nothing where it is neither."""
    return {name: value for name, value in (("request", request_id.get()), ("job", job_id.get())) if value}
