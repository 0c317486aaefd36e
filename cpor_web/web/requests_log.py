"""One log line a request: the route, never the path, for a path can hold a customer's token. And its measures."""

import logging
import re
import secrets
import time
from functools import cache

from flask import Flask, Response, g, request

from cpor_web import logs
from cpor_web.web import measures, present

log = logging.getLogger("cpor_web.requests")

HEADER = "X-Request-Id"
_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_CONVERTED = re.compile(r"<\w+(?:\(.*?\))?:(\w+)>")
"""A part of a route with how it is read, which can be a list of dozens: the line has its name alone."""


def init_app(app: Flask, *, trusted_proxies: int) -> None:
    """Log method, route, status and milliseconds of every request but those for static files, and count them.

    A request is known by the id that a trusted proxy gave it, else by one of ours; its answer says it.
    """

    def start() -> None:
        g.started = time.perf_counter()
        given = request.headers.get(HEADER, "") if trusted_proxies else ""
        logs.request_id.set(given if _ID.fullmatch(given) else secrets.token_hex(8))

    app.before_request(start)
    app.after_request(_line)
    app.teardown_request(_end)


def _line(response: Response) -> Response:
    response.headers[HEADER] = logs.request_id.get()
    asked = present.asked()
    if asked.endpoint != "static":
        route = _route(asked.url_rule.rule) if asked.url_rule else "(no route)"
        spent = time.perf_counter() - g.get("started", time.perf_counter())
        log.info("%s %s %d %.0f ms", asked.method, route, response.status_code, 1000 * spent)
        measures.of_requests().note(asked.endpoint or "none", asked.method, response.status_code, spent)
    return response


@cache
def _route(rule: str) -> str:
    return _CONVERTED.sub(r"<\1>", rule)


def _end(_error: BaseException | None) -> None:
    logs.request_id.set("")
