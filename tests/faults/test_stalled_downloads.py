"""Who asks for much and takes none of it keeps no thread: customers are answered all the same."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel

from cpor_web.config import Settings
from cpor_web.server import stopping
from tests.support.cast import Cast
from tests.support.factories import PASSWORD
from tests.support.installation import Installation
from tests.support.person import File, Person

LARGEST = 25 * 2**20
PATIENCE = 120.0  # seconds


def begun(address: str, cookies: str = "") -> socket.socket:
    """Ask for something, and take no more of it than its first line."""
    place = urlsplit(address)
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.settimeout(PATIENCE)
    line.connect((place.hostname, place.port))
    line.sendall(f"GET {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nCookie: {cookies}\r\n\r\n".encode())
    assert line.recv(12) == b"HTTP/1.1 200"
    return line


def cookies_of(person: Person) -> str:
    return "; ".join(f"{each.name}={each.value}" for each in person.cookies)


def test_as_many_stalled_downloads_as_there_are_threads_delay_nobody(installation: Installation) -> None:
    cast = Cast.gather(installation).file()
    ines = installation.signed_in(cast.ines_address, PASSWORD).open(f"/claims/{cast.reference}")
    ines.press("Upload", {"Document": File("proof.txt", b"x" * LARGEST)})
    links = [str(each["href"]) for each in ines.page("a", href=True) if "/documents/" in str(each["href"])]
    document = urljoin(installation.url, links[0])
    settings = Settings.from_environ(installation.env)
    with ExitStack() as stack:
        for _ in range(settings.web_threads * settings.web_processes_number):
            stack.enter_context(begun(document, cookies_of(ines)))
        assert installation.person().open("/login").status == 200


@contextmanager
def serving(app: Any, **how: Any) -> Iterator[tuple[str, threading.Event]]:
    """Serve an application from a thread, and let go of lines on which nothing is taken, in next to no time.

    Yields its address, and what tells that there was a line and is none any more.
    """
    sockets: dict[int, Any] = {}
    server = create_server(app, map=sockets, host="127.0.0.1", port=0, **how)
    done, gone = threading.Event(), threading.Event()

    def serve() -> None:
        lines, stalled = 0, stopping.Stalled(after=0.1)
        while not done.is_set():
            wasyncore.loop(timeout=0.02, map=sockets, count=1)
            before, lines = lines, sum(isinstance(each, HTTPChannel) for each in sockets.values())
            stalled.let_go(sockets)
            if before > lines:
                gone.set()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}/", gone
    finally:
        done.set()
        thread.join()
        server.task_dispatcher.shutdown()
        wasyncore.close_all(sockets)


def test_an_answer_of_which_nothing_is_taken_ends() -> None:
    over = threading.Event()

    def endless(_environ: Any, start: Any) -> Iterator[bytes]:
        start("200 OK", [])
        try:
            while True:
                yield b"x" * 2**16
        finally:
            over.set()

    with serving(endless, outbuf_high_watermark=2**20) as (address, _), begun(address):
        assert over.wait(PATIENCE)


def test_a_line_ends_on_which_nothing_is_taken_of_a_whole_answer() -> None:
    def large(_environ: Any, start: Any) -> list[bytes]:
        start("200 OK", [])
        return [b"x" * LARGEST]

    with serving(large) as (address, gone), begun(address):
        assert gone.wait(PATIENCE)
