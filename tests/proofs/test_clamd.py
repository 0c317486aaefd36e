"""The scanner: what it finds, what it will not scan, and that it is away. Where this machine has one: a real one."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cpor_web.proofs import clamd as ours
from cpor_web.proofs.clamd import NotScanned, Scanner, ScannerAway
from tests.support.clamd import EICAR, LARGEST, NAME, Clamd, is_there

REQUIRED = os.environ.get("CPOR_TEST_CLAMD") == "required"


@pytest.fixture(scope="module")
def clamd() -> Iterator[Clamd]:
    if not is_there() and not REQUIRED:
        pytest.skip("no clamd on this machine")
    with Clamd() as running:
        yield running


def test_the_test_virus_is_found_also_across_two_pieces(clamd: Clamd) -> None:
    scanner = Scanner.named(clamd.address)
    assert scanner.scan([EICAR]).startswith(NAME)
    assert scanner.scan([b"x" * 1000 + EICAR[:30], EICAR[30:]]).startswith(NAME)


def test_what_is_clean_is_said_to_be_clean(clamd: Clamd) -> None:
    assert Scanner.named(clamd.address).scan([b"Signed.", b"x" * 200_000]) == ""


def test_what_is_too_large_for_the_scanner_is_not_scanned_and_not_clean(clamd: Clamd) -> None:
    with pytest.raises(NotScanned, match="size limit"):
        Scanner.named(clamd.address).scan(b"x" * 2**18 for _ in range(4 * LARGEST // 2**18))


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("/run/clamav/clamd.ctl", "/run/clamav/clamd.ctl"),
        ("scanner.example.org", ("scanner.example.org", 3310)),
        ("127.0.0.1:3311", ("127.0.0.1", 3311)),
        ("[::1]:3310", ("::1", 3310)),
        ("[::1]", ("::1", 3310)),
    ],
)
def test_a_scanner_is_named_by_its_setting(name: str, address: object) -> None:
    assert Scanner.named(name).address == address


@contextmanager
def answering(answer: bytes) -> Iterator[Scanner]:
    """A scanner that takes everything and answers so, then hangs up."""

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.settimeout(60)
            while not connection.recv(65536).endswith(bytes(4)):
                pass
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as server:
        serving = threading.Thread(target=serve)
        serving.start()
        yield Scanner(server.getsockname())
        serving.join()


@pytest.mark.parametrize("answer", [b"", b"\0"])
def test_one_that_hangs_up_without_a_word_is_away(answer: bytes) -> None:
    with answering(answer) as scanner, pytest.raises(ScannerAway):
        scanner.scan([b"x"])


@pytest.mark.parametrize(
    "answer", [b"stream: OK ERROR\0", b"COMMAND READ TIMED OUT\0", b"OK\0", b"stream: OK\n\0 FOUND"]
)
def test_only_the_one_answer_means_clean(answer: bytes) -> None:
    with answering(answer) as scanner:
        if answer.startswith(b"stream: OK\n"):
            assert scanner.scan([b"x"]) == ""
        else:
            with pytest.raises(NotScanned):
                scanner.scan([b"x"])


def test_one_that_is_not_there_is_away(tmp_path) -> None:
    with pytest.raises(ScannerAway):
        Scanner.named(str(tmp_path / "none")).scan([b"x"])


def test_one_that_says_nothing_is_away_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "SILENT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(ScannerAway):
        Scanner(server.getsockname()).scan([b"x"])
