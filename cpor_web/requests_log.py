"""One log line a request: the route, never the path, for a path can hold a customer's token."""

import logging
import time

from flask import Flask, Response, g, request

log = logging.getLogger("cpor_web.requests")


def init_app(app: Flask) -> None:
    """Log method, route, status and milliseconds of every request but those for static files."""
    app.before_request(_start)
    app.after_request(_line)


def _start() -> None:
    g.started = time.perf_counter()


def _line(response: Response) -> Response:
    if request.endpoint != "static":
        route = request.url_rule.rule if request.url_rule else "(no route)"
        spent = 1000 * (time.perf_counter() - g.get("started", time.perf_counter()))
        log.info("%s %s %d %.0f ms", request.method, route, response.status_code, spent)
    return response
