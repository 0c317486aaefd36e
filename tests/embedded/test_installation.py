"""`cpor up`: everything starts with one command, and everything stops."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cpor_web.config import FOR_TESTS, PREFIX
from cpor_web.embedded.exc import StartError
from cpor_web.embedded.installation import run
from tests.support.person import Person
from tests.support.servers import free_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc for what is left")
LAST_BREATH = 10  # seconds that the kernel may need on a busy machine to be rid of what was ended
WITHIN = 400  # seconds for two runs at once on a small and busy machine


class Up:
    """A run of `cpor up --sample`, and the processes that belong to it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.home = f"http://127.0.0.1:{self.port}"
        env = _without_settings() | {"CPOR_DATA_DIR": str(data_dir), "CPOR_PORT": str(self.port)}
        self.said = data_dir.with_suffix(".said")
        self._env = env
        self.start()

    def start(self) -> None:
        with self.said.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cpor_web", "up", "--sample"],
                env=self._env,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def until(self, words: str) -> None:
        """Return once it has said this."""
        end = time.monotonic() + WITHIN
        while words not in self.words:
            assert self.process.poll() is None, self.words
            assert time.monotonic() < end, f"never said {words!r}:\n{self.words}"
            time.sleep(0.05)

    @property
    def words(self) -> str:
        return self.said.read_text("utf-8", "replace")

    def family(self) -> set[int]:
        """Return the numbers of all its processes."""
        parents = dict(_parents())
        family = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in family} - family:
            family |= more
        return family

    def end(self, number: signal.Signals) -> int:
        """Ask it to end and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(WITHIN)


def _without_settings() -> dict[str, str]:
    """Return the environment as somebody has it who has set nothing; which PostgreSQL to test with stays."""
    return {n: v for n, v in os.environ.items() if not n.startswith(PREFIX) or n.startswith(FOR_TESTS)}


def _parents() -> Iterator[tuple[int, int]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            yield int(folder.name), int(fields[1])


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Up, Up]]:
    """Two runs side by side, each in a folder of its own."""
    with ExitStack() as stack:
        one, two = (Up(tmp_path_factory.mktemp(name) / "var") for name in ("one", "two"))
        for up in (one, two):
            stack.callback(lambda up=up: up.process.wait())  # type: ignore[misc]
            stack.callback(lambda up=up: up.process.kill())  # type: ignore[misc]
        yield one, two


@pytest.fixture
def pair(both: tuple[Up, Up]) -> tuple[Up, Up]:
    """The two, which run and are ready, whatever a test before has ended."""
    for up in both:
        if up.process.poll() is not None:
            up.start()
    for up in both:
        up.until("Ctrl-C stops everything.")
    return both


def test_two_run_side_by_side_and_each_has_its_own_people(pair: tuple[Up, Up]) -> None:
    for up in pair:
        assert f"Open {up.home}" in up.words
        person = Person(up.home).open("/login")
        person.press("Sign in", {"Email": "incentives@adatum.example.org", "Password": "correct-horse-battery"})
        assert person.sees("Customer associations")
    assert pair[0].words.count("Caught mail: http://127.0.0.1:") == 1


def test_the_worker_and_the_ticker_run_too(pair: tuple[Up, Up]) -> None:
    person, end = Person(pair[0].home), time.monotonic() + WITHIN
    while json.loads(person.open("/readyz").html)["degraded"]:
        assert time.monotonic() < end, "it was never ready"
        time.sleep(0.05)
    for name in ("web", "worker", "ticker"):
        assert f"{name} is ready." in pair[0].words


def test_a_folder_in_use_is_not_used_twice(pair: tuple[Up, Up]) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "cpor_web", "up"],
        env=_without_settings() | {"CPOR_DATA_DIR": str(pair[0].data_dir), "CPOR_PORT": str(free_port())},
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN,
    )
    assert second.returncode == 1
    assert "Traceback" not in second.stderr
    assert str(pair[0].data_dir) in second.stderr


def test_keys_are_kept_for_the_owner_alone(pair: tuple[Up, Up]) -> None:
    kept = [(pair[0].data_dir / name) for name in ("secret_keys.txt", "consent_keys.txt", "signing_keys.txt")]
    assert [file.stat().st_mode & 0o777 for file in kept] == [0o600, 0o600, 0o600]
    assert pair[0].data_dir.stat().st_mode & 0o777 == 0o711
    assert kept[0].read_text() != kept[1].read_text()
    assert kept[0].read_text() != (pair[1].data_dir / kept[0].name).read_text()


def test_its_keys_are_rotated_by_its_data_folder_alone(pair: tuple[Up, Up]) -> None:
    def keys(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "cpor_web", "keys", *arguments],
            env=_without_settings() | {"CPOR_DATA_DIR": str(pair[0].data_dir)},
            capture_output=True,
            text=True,
            check=False,
            timeout=WITHIN,
        )

    listed = keys("list")
    assert listed.returncode == 0, listed.stderr
    assert "mails with its links: " in listed.stdout
    assert keys("new", "consent").returncode == 0
    oldest = keys("list").stdout.split("older")[0].split()[-1]
    refused = keys("retire", oldest)
    assert refused.returncode == 1, "the sample has open rounds"
    assert "is needed" in refused.stderr


@pytest.mark.parametrize(("which", "number"), [(0, signal.SIGINT), (1, signal.SIGTERM)])
def test_one_signal_stops_everything(pair: tuple[Up, Up], which: int, number: signal.Signals) -> None:
    up = pair[which]
    family = up.family()
    assert len(family) >= 7, "web, worker and its child, ticker, two servers and the run itself"
    assert up.end(number) == 0
    end = time.monotonic() + LAST_BREATH
    while left := family & {pid for pid, _ in _parents()}:
        assert time.monotonic() < end, left
        time.sleep(0.05)
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", up.port), timeout=5):
        pass
    assert "Traceback" not in up.words


def test_a_port_that_is_taken_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        port = somebody.getsockname()[1]
        with pytest.raises(StartError, match=f"Port {port} is taken"):
            run({"CPOR_PORT": str(port), "CPOR_DATA_DIR": str(tmp_path / "data")})
    assert not (tmp_path / "data").exists()


def test_a_place_that_this_machine_does_not_have_is_told_as_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"The pages cannot be served at 192\.0\.2\.1, port 8000: Cannot"):
        run({"CPOR_HOST": "192.0.2.1", "CPOR_DATA_DIR": str(tmp_path / "data")})
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1"])
def test_what_is_no_port_is_told_before_anything_starts(port: str, tmp_path: Path) -> None:
    with pytest.raises(StartError, match="CPOR_PORT must be a whole number"):
        run({"CPOR_PORT": port, "CPOR_DATA_DIR": str(tmp_path / "data")})
