"""The web server: it takes a request in whole before a thread works on it, so stalled uploads hold nobody up.

Several processes take connections from the same sockets: whichever is free first has the next one.
"""

import logging
import os
import shutil
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from errno import EADDRINUSE
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask

from cpor_web.config import Settings
from cpor_web.inspection import landlock
from cpor_web.paths import COUNTS

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 500
IDLE_SECONDS = 60
SENT_AT_MOST = 8  # times the largest upload
TAKEN_AT_ONCE = 2**18
"""Bytes of a request that are read at once: by waitress' own 8 KiB a large document costs three times as much."""

IN_MEMORY = "/dev/shm"  # noqa: S108
"""Where several processes count together, if the machine has it: no disk is full there, and nobody tidies it up."""

PREFIX = "cpor-counts-"

FREE_WITHIN = 5.0
"""Seconds in which the processes of a server that was killed have let go of its port."""


class CannotListenError(Exception):
    """The pages cannot be served where the settings say; the words are for whoever set it."""


@contextmanager
def prepared(settings: Settings) -> Iterator[None]:
    """Have several processes count together, where there are several; enter it before the application is made.

    The library that counts looks at its environment when it is imported, so nothing may import it before.
    """
    if settings.web_processes_number == 1:
        yield
        return
    in_memory = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None
    _let_go_of_memory()
    with TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", dir=in_memory) as folder:
        os.environ[COUNTS] = folder
        yield


def _let_go_of_memory() -> None:
    """Remove the counts of servers that were killed, who could not."""
    for left in Path(IN_MEMORY).glob(f"{PREFIX}*"):
        try:
            os.kill(int(left.name.removeprefix(PREFIX).partition("-")[0]), 0)
        except ProcessLookupError:
            shutil.rmtree(left, ignore_errors=True)
        except (OSError, OverflowError, ValueError):  # it lives, as somebody else; or the folder is not of our making
            continue


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
    from cpor_web.server.crew import Crew

    if not landlock.is_supported():
        log.warning("documents are read without Landlock: the kernel has none, or the unit's filter forbids it")
    sockets = _listening(settings)
    log.info("listening on port %d", settings.port)
    if settings.web_processes_number == 1:
        _work(app, settings, sockets, is_of_a_crew=False)
        return

    def close() -> None:
        for each in sockets:
            each.close()

    work = partial(_work, app, settings, sockets, is_of_a_crew=True)
    Crew(settings.web_processes_number, work, when_told=close).run()


def _work(app: Flask, settings: Settings, sockets: Sequence[socket.socket], *, is_of_a_crew: bool) -> None:
    from cpor_web.server.stopping import run_until_told

    keep_paths_out_of_the_log()
    run_until_told(
        app,
        is_of_a_crew=is_of_a_crew,
        sockets=sockets,
        threads=settings.web_threads,
        connection_limit=MOST_CONNECTIONS,
        channel_timeout=IDLE_SECONDS,
        recv_bytes=TAKEN_AT_ONCE,
        # The application itself refuses what is too large, on a page of ours; this only bounds what it reads.
        max_request_body_size=SENT_AT_MOST * app.config["MAX_CONTENT_LENGTH"],
        # A document goes into the buffer as a whole (on disk), so whoever does not fetch it keeps no thread.
        outbuf_high_watermark=app.config["MAX_CONTENT_LENGTH"],
        clear_untrusted_proxy_headers=not settings.trusted_proxies,
        ident=None,
    )


def _listening(settings: Settings) -> list[socket.socket]:
    """Return sockets that take connections at the settings' address, one for each that its name stands for.

    Raises CannotListenError.
    """
    from waitress.adjustments import Adjustments

    try:
        return _bound(Adjustments(host=settings.host, port=settings.port).listen)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "this machine has no such address"
        where = f"The pages cannot be served at {settings.host}, port {settings.port}: {why}."
        raise CannotListenError(f"{where} Choose another place with CPOR_HOST=… and CPOR_PORT=….") from error


def _bound(places: Iterable[tuple[Any, ...]]) -> list[socket.socket]:
    found = []
    for family, kind, protocol, address in places:
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        _bind(listening, address)
        found.append(listening)
    return found


def _bind(listening: socket.socket, address: tuple[Any, ...]) -> None:
    until = time.monotonic() + FREE_WITHIN
    while True:
        try:
            return listening.bind(address)
        except OSError as error:
            if error.errno != EADDRINUSE or time.monotonic() > until:
                raise
        time.sleep(0.1)
