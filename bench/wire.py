"""A client that costs as little as can be, so that what is measured is the server: bytes over kept sockets."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Protocol, Self, TypeVar
from urllib.parse import urlencode

Given = TypeVar("Given")

MOST_JOINED = 2**16
"""Bytes of a body that are put to what comes before it: with a document that would be measured as the server's."""


class Closing(Protocol):
    """A connection of some kind."""

    def close(self) -> None:
        """Leave the other side."""


Helper = TypeVar("Helper", bound=Closing)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes


class Line:
    """One kept connection to a server on this machine."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self._port, self._cookie = port, f"Cookie: {cookie}\r\n" if cookie else ""
        self._socket: socket.socket | None = None
        self._left = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()

    def get(self, path: str) -> Answer:
        """Ask for a page."""
        return self.send(f"GET {path} HTTP/1.1\r\n", b"")

    def post(self, path: str, **fields: str) -> Answer:
        """Send a form."""
        kind = "Content-Type: application/x-www-form-urlencoded\r\n"
        return self.send(f"POST {path} HTTP/1.1\r\n{kind}", urlencode(fields).encode())

    def send(self, head: str, body: bytes) -> Answer:
        """Send a request that begins with `head`; return the whole answer."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=60)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        rest = f"Host: 127.0.0.1:{self._port}\r\nUser-Agent: Firefox/140\r\n{self._cookie}"
        asked = f"{head}{rest}Content-Length: {len(body)}\r\n\r\n".encode()
        if len(body) < MOST_JOINED:
            self._socket.sendall(asked + body)
        else:
            self._socket.sendall(asked)
            self._socket.sendall(body)
        return self._answer()

    def _answer(self) -> Answer:
        assert self._socket is not None
        while (end := self._left.find(b"\r\n\r\n")) < 0:
            self._more()
        head, length = self._left[:end].lower(), 0
        at = head.find(b"\r\ncontent-length:")
        if at >= 0:
            length = int(head[at + 17 :].split(b"\r\n", 1)[0])
        while len(self._left) < end + 4 + length:
            self._more()
        body, self._left = self._left[end + 4 : end + 4 + length], self._left[end + 4 + length :]
        return Answer(int(head[9:12]), body)

    def _more(self) -> None:
        assert self._socket is not None
        came = self._socket.recv(1 << 18)
        if not came:
            raise ConnectionError("the server has hung up")
        self._left += came


@dataclass(frozen=True)
class Run:
    """How long each of many took, in seconds, sorted, and all of them together."""

    seconds: float
    each: Sequence[float]

    @property
    def rate(self) -> float:
        """How many a second."""
        return len(self.each) / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds within which that share of them was done."""
        return 1000 * self.each[min(int(share * len(self.each)), len(self.each) - 1)]


def at_once(
    number: int, helper: Callable[[], Helper], work: Callable[[Helper, Given], object], on: Iterable[Given]
) -> Run:
    """Do `work` on everything, `number` of it at once, each with a helper (a connection) of its own."""
    waiting: SimpleQueue[Given] = SimpleQueue()
    for each in on:
        waiting.put(each)
    took: list[float] = []
    failed: list[BaseException] = []
    helpers = [helper() for _each in range(number)]

    def be(with_: Helper) -> None:
        try:
            while True:
                given = waiting.get_nowait()
                began = time.perf_counter()
                work(with_, given)
                took.append(time.perf_counter() - began)
        except Empty:
            return
        except BaseException as error:  # told to who waits for all
            failed.append(error)

    threads = [threading.Thread(target=be, args=(each,)) for each in helpers]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    for helper_ in helpers:
        helper_.close()
    if failed:
        raise failed[0]
    return Run(seconds, sorted(took))


def one_by_one(work: Callable[[Given], object], on: Iterable[Given]) -> Run:
    """Do `work` on everything, one after the other."""
    took = []
    began = time.perf_counter()
    for each in on:
        at = time.perf_counter()
        work(each)
        took.append(time.perf_counter() - at)
    return Run(time.perf_counter() - began, sorted(took))
