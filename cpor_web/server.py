"""The web server: it takes a request in whole before a thread works on it, so stalled uploads hold nobody up."""

import logging

from flask import Flask

from cpor_web.config import Settings

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 500
IDLE_SECONDS = 60
SENT_AT_MOST = 8  # times the largest upload


def keep_paths_out_of_the_log() -> None:
    """Let waitress say that an answer failed, and not at which address: a customer's link is one."""
    logging.getLogger("waitress").addFilter(_without_path)


def _without_path(record: logging.LogRecord) -> bool:
    said, _serving, path = record.getMessage().partition(" while serving ")
    if path:
        record.msg, record.args = f"{said} while serving", ()
    return True


def serve(app: Flask, *, reload: bool = False) -> None:
    """Serve until told to stop; with `reload`, on the development server that follows changes of files."""
    settings: Settings = app.extensions["settings"]
    if reload:
        from werkzeug.serving import run_simple

        run_simple(settings.host, settings.port, app, use_reloader=True, use_debugger=False, threaded=True)
        return
    from cpor_web.stopping import run_until_told

    keep_paths_out_of_the_log()

    # A thread more than the pool has connections would wait for one.
    log.info("listening on port %d", settings.port)
    run_until_told(
        app,
        host=settings.host,
        port=settings.port,
        threads=settings.web_threads,
        connection_limit=MOST_CONNECTIONS,
        channel_timeout=IDLE_SECONDS,
        # The application itself refuses what is too large, on a page of ours; this only bounds what it reads.
        max_request_body_size=SENT_AT_MOST * app.config["MAX_CONTENT_LENGTH"],
        # A document goes into the buffer as a whole (on disk), so whoever does not fetch it keeps no thread.
        outbuf_high_watermark=app.config["MAX_CONTENT_LENGTH"],
        clear_untrusted_proxy_headers=not settings.trusted_proxies,
        ident=None,
    )
