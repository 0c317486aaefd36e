"""The process in which documents are looked into: bounded in everything, and whatever becomes of it is a refusal."""

import os
import subprocess
import sys
import tempfile
import threading

import pytest

from cpor_web.proofs import examining, fork_servers
from cpor_web.rules.exc import Invalid
from tests.support.proof import PDF, examined

BOUND = """
from cpor_web.inspection.__main__ import bound
bound(has_landlock=False)
"""

LIMITS = """
import resource
from cpor_web.inspection.__main__ import bound
bound(has_landlock=False)
print({name: resource.getrlimit(getattr(resource, name))[1] for name in ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE")})
"""

UNKNOWN = """
import codecs, importlib
from cpor_web.inspection.__main__ import bound, load_encodings
load_encodings("eml")
importlib.invalidate_caches()
bound(has_landlock=False)
try:
    codecs.lookup("x-unknown")
except LookupError:
    print("unknown")
"""


def refusal(kind: str = "pdf", content: bytes = PDF) -> str:
    with pytest.raises(Invalid) as caught:
        examined(kind, content)
    return caught.value.message


def test_a_good_document_passes_from_memory_and_from_a_file() -> None:
    examined("pdf", PDF)
    with tempfile.TemporaryFile() as file:
        file.write(PDF)
        file.flush()
        examining.examine("pdf", file)


@pytest.mark.parametrize(
    "said",
    [b"", b"{", b"[]", b"{}", b'{"found": "whim"}', b"\xff", b'{"found": "nothing"', b'"nothing"', b"[" * 1024],
)
def test_an_examination_that_does_not_end_well_is_a_refusal(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fork_servers, "said_of", lambda _kind, _file: said)
    assert "too complex" in refusal()


@pytest.mark.parametrize(
    "tried",
    [
        "open(f'/proc/{os.getppid()}/environ')",
        "open('/etc/hosts')",
        "(os.close(2), open('/etc/hosts'))",
        "os.listdir('/')",
        "socket.socket(socket.AF_UNIX)",
        "socket.socket()",
        "os.dup(0)",
    ],
)
def test_what_takes_it_over_opens_nothing(tried: str) -> None:
    start = f"import os, socket\n{BOUND}print('bounded', flush=True)"
    program = [sys.executable, "-c", f"{start}\n{tried}\nprint('opened')"]
    ended = subprocess.run(program, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert ended.stdout == "bounded\n"


@pytest.mark.parametrize("charset", ["koi8-r", "big5", "euc_jp", "utf-7", "x-unknown"])
def test_letters_of_all_the_world_are_read_without_opening_anything(charset: str) -> None:
    name = f"Content-Disposition: attachment; filename*={charset}''%C1%C2.pdf; name=\"=?{charset}?q?=C1=C2?=\""
    examined("eml", f"From: a@example.org\nSubject: =?{charset}?b?wcI=?=\n{name}\n\nx".encode())


def test_an_unknown_encoding_is_unknown_even_where_the_folders_of_modules_cannot_be_read_again() -> None:
    ended = subprocess.run([sys.executable, "-c", UNKNOWN], capture_output=True, text=True, check=False)
    assert ended.stdout == "unknown\n", ended.stderr


def test_its_memory_time_and_files_are_bounded() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITS], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == "{'RLIMIT_AS': 1073741824, 'RLIMIT_CPU': 10, 'RLIMIT_FSIZE': 0}"


def test_only_so_many_are_examined_at_once_and_the_next_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examining, "PATIENCE", 0.05)
    monkeypatch.setattr(examining, "_turns", threading.BoundedSemaphore(1))
    begun, go_on = threading.Event(), threading.Event()

    def wait(*_asked: object) -> examining.Answer:
        begun.set()
        go_on.wait(10)
        return examining.Answer(examining.NOTHING)

    monkeypatch.setattr(examining, "_ask", wait)
    first = threading.Thread(target=examined, args=("pdf", PDF))
    first.start()
    begun.wait(10)
    try:
        assert "in a minute" in refusal()
    finally:
        go_on.set()
        first.join()
    examined("pdf", PDF)


def test_who_finds_a_line_of_slow_documents_does_not_hold_a_thread_until_they_are_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(examining, "HASTE", 0.05)
    monkeypatch.setattr(examining, "_turns", threading.BoundedSemaphore(1))
    go_on, ended = threading.Event(), []

    def wait(*_asked: object) -> examining.Answer:
        go_on.wait(examining.PATIENCE)
        return examining.Answer(examining.NOTHING)

    def upload() -> None:
        examined("pdf", PDF)
        ended.append("well")

    monkeypatch.setattr(examining, "_ask", wait)
    uploads = [threading.Thread(target=upload) for _ in range(1 + examining.IN_LINE)]
    for each in uploads:
        each.start()
    while any(each.is_alive() for each in uploads) and examining._line._value > 0:
        threading.Event().wait(0.001)
    try:
        assert "in a minute" in refusal()
    finally:
        go_on.set()
        for each in uploads:
            each.join()
    assert ended == ["well"] * len(uploads), "who was in line had their turn"


@pytest.mark.skipif(os.getuid() != 0, reason="only root has something to give up")
def test_it_is_nobody_even_where_the_web_runs_as_root() -> None:
    program = f"import os\n{BOUND}print(os.getresuid(), os.getresgid())"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert "0" not in ended.stdout.replace(",", " ").strip("()").split()


def test_no_more_is_started_for_a_document_that_is_expected_than_may_be_examined_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[None] = []
    monkeypatch.setattr(fork_servers, "expect", lambda: started.append(None))
    monkeypatch.setattr(examining, "_turns", turns := threading.BoundedSemaphore(1))
    with turns:
        examining.expect()
    assert not started
    examining.expect()
    assert started


def test_who_only_sees_a_page_does_not_fail_where_nothing_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fork_servers, "_idle", [])
    monkeypatch.setattr(fork_servers, "COMMAND", ("/nowhere/python",))
    examining.expect()
    assert not fork_servers._idle
