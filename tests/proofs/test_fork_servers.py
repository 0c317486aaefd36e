"""The processes that fork one for each document: whatever ends, hangs or swells, the next document is read."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cpor_web.inspection import __main__ as inspection
from cpor_web.proofs import examining, fork_servers
from cpor_web.starting import stacks
from tests.support.proof import PDF, examined

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what processes there are")

READERS = """
import os, time
from cpor_web.inspection import __main__ as inspection

def is_open(descriptor):
    try:
        return os.fstat(descriptor) and True
    except OSError:
        return False

def stay(_stream):
    while True:
        time.sleep(60)

def wait(stream):
    while os.pread(stream.fileno(), 2, 0) != b"go":
        time.sleep(0.01)
    return os.getppid()

readers = {
    "pid": lambda stream: os.getpid(),
    "server": lambda stream: os.getppid(),
    "open": lambda stream: sum(map(is_open, range(1024))),
    "settings": lambda stream: 1 + sum(name.startswith("CPOR") for name in os.environ),
    "abort": lambda stream: os.abort(),
    "exit": lambda stream: os._exit(0),
    "swell": lambda stream: len(bytes(2**31)),
    "fork": lambda stream: os.fork() and None,
    "stay": stay,
    "wait": wait,
}
inspection.inspector = readers.__getitem__
inspection.MOST = ()
inspection.main()
"""
"""Readers that say in place of the pages what they saw, or do what a document might make them do."""

UNTIL_KILLED = """
import sys, tempfile
from cpor_web.proofs import fork_servers
fork_servers.COMMAND = (sys.executable, "-c", sys.argv[1])
server = fork_servers.ForkServer()
file = tempfile.TemporaryFile()
server.said_of("pid", file)
print(server._process.pid, flush=True)
server.said_of("stay", file)
"""


@pytest.fixture(autouse=True)
def _no_server_is_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    servers: list[fork_servers.ForkServer] = []
    monkeypatch.setattr(fork_servers, "_idle", servers)
    yield
    for each in servers:
        each.close()


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the servers have the readers above."""
    monkeypatch.setattr(fork_servers, "COMMAND", (sys.executable, "-c", READERS))


def of_session(number: int) -> list[int]:
    """Return what lives of a session: a fork server and all that it has forked."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _parent, _group, session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(session) == number and state != "Z":
            found.append(int(folder.name))
    return found


def open_in(pid: object) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def eventually(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def pages(kind: str) -> int | None:
    """Return what a reader says, None where it came to no end of its own."""
    with tempfile.TemporaryFile() as file:
        answer = examining._ask(kind, file)
    assert answer.found == (examining.NOTHING if answer.pages else "")
    return answer.pages


@pytest.mark.usefixtures("readers")
def test_each_document_has_a_process_of_its_own_and_one_server_forks_them() -> None:
    assert len({pages("pid") for _ in range(3)}) == 3
    assert len({pages("server") for _ in range(3)}) == 1


@pytest.mark.usefixtures("readers")
def test_a_server_that_is_asked_where_it_is_reads_on() -> None:
    """Whoever asks a whole service by this signal asks it too."""
    server = pages("server")
    assert server is not None
    os.kill(server, stacks.ASKED_BY)
    assert pages("server") == server


def test_one_server_reads_documents_of_every_kind() -> None:
    examined("pdf", PDF)
    examined("csv", b"a,b")
    assert len(fork_servers._idle) == 1


@pytest.mark.usefixtures("readers")
def test_a_document_that_was_expected_is_read_by_a_server_that_was_there() -> None:
    examining.expect()
    (server,) = fork_servers._idle
    examining.expect()
    assert fork_servers._idle == [server]
    assert pages("server") == server._process.pid


def test_what_reads_most_documents_is_loaded_while_none_comes_and_what_comes_waits_for_no_more() -> None:
    loaded: list[str] = []
    here, there = socket.socketpair()
    with here, there, pytest.MonkeyPatch.context() as patched:
        patched.setattr(inspection, "loaded", loaded.append)
        inspection.load_most(until=there)
        assert loaded == [*inspection.MOST]
        here.sendall(b"pdf")
        inspection.load_most(until=there)
        assert loaded == [*inspection.MOST]


@pytest.mark.usefixtures("readers")
def test_a_server_that_was_killed_while_it_was_idle_is_replaced() -> None:
    before = pages("server")
    assert before
    os.kill(before, signal.SIGKILL)
    assert pages("server") not in (before, None)


@pytest.mark.usefixtures("readers")
def test_a_server_that_is_killed_while_it_has_a_document_read_is_replaced() -> None:
    before = pages("server")
    assert before
    with ThreadPoolExecutor(1) as beside, tempfile.TemporaryFile() as file:
        answer = beside.submit(examining._ask, "wait", file)
        eventually(lambda: len(of_session(before)) == 2)
        os.kill(before, signal.SIGKILL)
        os.pwrite(file.fileno(), b"go", 0)
        assert answer.result().pages not in (before, None)
    eventually(lambda: not of_session(before))


@pytest.mark.usefixtures("readers")
@pytest.mark.parametrize("kind", ["abort", "exit", "swell", "fork", "unknown"])
def test_what_a_document_makes_of_its_reader_is_a_refusal_and_the_next_meets_another_server(kind: str) -> None:
    before = pages("server")
    assert pages(kind) is None
    assert not of_session(before or 0)
    assert pages("server") not in (before, None)


@pytest.mark.usefixtures("readers")
def test_a_reader_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    server = pages("server")
    assert server
    monkeypatch.setattr(fork_servers, "SECONDS", 0.3)
    assert pages("stay") is None
    assert not of_session(server)


@pytest.mark.usefixtures("readers")
def test_a_server_that_does_not_go_on_is_ended_and_its_document_waits_for_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = pages("server")
    assert before
    os.kill(before, signal.SIGSTOP)
    monkeypatch.setattr(fork_servers, "SECONDS", 0.3)
    fork_servers._idle[0]._line.settimeout(0.3)
    assert pages("server") is None
    assert not of_session(before)
    assert not fork_servers._idle


@pytest.mark.usefixtures("readers")
def test_it_has_the_document_and_what_it_answers_by_and_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPOR_SECRET_KEYS", "a secret")
    with tempfile.TemporaryFile(), tempfile.TemporaryFile():
        assert pages("open") == len(("stdout", "stderr", "document", "answer"))
        assert pages("settings") == 1


@pytest.mark.usefixtures("readers")
def test_neither_here_nor_in_a_server_is_anything_left_open() -> None:
    server = pages("server")
    before = open_in(server), open_in("self")
    for kind in ("pid", "open") * 10:
        pages(kind)
    assert (open_in(server), open_in("self")) == before
    for _ in range(3):
        pages("exit")
    assert pages("server")
    assert open_in("self") == before[1]


def test_forty_at_once_are_all_read_by_as_many_servers_as_may_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examining, "HASTE", 60)
    with ThreadPoolExecutor(40) as pool:
        assert list(pool.map(lambda _number: examined("pdf", PDF), range(40))) == [1] * 40
    assert 1 <= len(fork_servers._idle) <= examining.AT_ONCE


def test_nothing_is_left_of_it_when_the_web_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", UNTIL_KILLED, READERS], stdout=subprocess.PIPE, text=True) as web:
        assert web.stdout
        server = int(web.stdout.readline())
        eventually(lambda: len(of_session(server)) == 2)
        web.kill()
    eventually(lambda: not of_session(server))


def test_a_server_that_does_not_answer_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fork_servers, "COMMAND", (sys.executable, "-c", "raise SystemExit"))
    assert pages("pid") is None
    monkeypatch.setattr(fork_servers, "COMMAND", ("/nowhere/python",))
    assert pages("pid") is None
