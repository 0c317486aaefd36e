"""The supervisor: real processes, real signals."""

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from io import StringIO
from pathlib import Path

import pytest

from cpor_web.embedded.exc import StartError
from cpor_web.embedded.supervisor import Watch

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals a parent's death")
WITHIN = 120  # seconds


class Run:
    """A supervisor in a process of its own, and what it says."""

    def __init__(self, *arguments: str | Path, through: tuple[str, ...] = ()) -> None:
        module = [sys.executable, "-m", "tests.embedded.a_supervised_run"]
        self.process = subprocess.Popen(
            [*through, *module, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said: list[str] = []

    def until(self, pattern: str) -> re.Match[str]:
        """Read on until a line matches."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if match := re.search(pattern, line):
                return match
        raise AssertionError(f"never said {pattern!r}:\n" + "\n".join(self.said))

    def end(self) -> int:
        """Read the rest and return the exit code."""
        assert self.process.stdout is not None
        self.said += [line.rstrip() for line in self.process.stdout]
        return self.process.wait(WITHIN)


@pytest.fixture
def runs() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def run(runs: ExitStack, *arguments: str | Path, through: tuple[str, ...] = ()) -> Run:
    started = Run(*arguments, through=through)
    runs.callback(started.process.wait)
    runs.callback(started.process.kill)
    if started.process.stdout is not None:
        runs.callback(started.process.stdout.close)
    return started


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def end_of(pids: list[int], runs: ExitStack) -> list[int]:
    """Descriptors that become readable when their processes end."""
    descriptors = []
    for pid in pids:
        with suppress(ProcessLookupError):  # a short one of PostgreSQL's own, which has ended already
            descriptors.append(os.pidfd_open(pid))
            runs.callback(os.close, descriptors[-1])
    return descriptors


def all_end(descriptors: list[int]) -> bool:
    return all(select.select([descriptor], [], [], WITHIN)[0] for descriptor in descriptors)


def test_services_start_in_order_and_stop_in_reverse_with_exit_code_0(tmp_path: Path, runs: ExitStack) -> None:
    started = run(runs, tmp_path, "steady", "stubborn")
    started.until("Ready")
    started.process.send_signal(signal.SIGINT)
    assert started.end() == 0
    said = [line for line in started.said if line.startswith("cpor")]
    assert said == [
        "cpor     | steady is ready.",
        "cpor     | stubborn is ready.",
        "cpor     | Ready.",
        "cpor     | Stopping.",
    ]


@pytest.mark.parametrize("asked_by", [signal.SIGTERM, signal.SIGHUP])
def test_other_requests_to_end_are_orderly_too(tmp_path: Path, runs: ExitStack, asked_by: signal.Signals) -> None:
    inherited = signal.signal(asked_by, signal.SIG_DFL)  # ignored, where these tests themselves run under nohup
    try:
        started = run(runs, tmp_path, "steady")
    finally:
        signal.signal(asked_by, inherited)
    started.until("Ready")
    started.process.send_signal(asked_by)
    assert started.end() == 0


@linux_only
def test_the_end_of_a_terminal_does_not_end_a_run_under_nohup(tmp_path: Path, runs: ExitStack) -> None:
    started = run(runs, tmp_path, "steady", through=("nohup",))
    started.until("Ready")
    started.process.send_signal(signal.SIGHUP)
    [service] = children(started.process.pid)
    os.kill(service, signal.SIGKILL)
    started.until("steady has ended by SIGKILL")  # so the supervisor still looks after it


def test_what_a_service_writes_is_on_the_terminal_with_its_name_and_in_its_log(
    tmp_path: Path, runs: ExitStack
) -> None:
    started = run(runs, tmp_path, "steady")
    started.until(r"^steady   \| at work$")
    assert (tmp_path / "log" / "steady.log").read_text() == "at work\n"


@linux_only
def test_a_service_that_dies_is_told_and_started_again(tmp_path: Path, runs: ExitStack) -> None:
    started = run(runs, tmp_path, "steady")
    started.until("at work")
    [first] = children(started.process.pid)
    os.kill(first, signal.SIGKILL)
    started.until(r"steady has ended by SIGKILL: again in 0\.5 s\.")
    started.until("at work")
    [second] = children(started.process.pid)
    assert second != first


@linux_only
def test_a_database_that_dies_is_started_again(tmp_path: Path, runs: ExitStack) -> None:
    started = run(runs, tmp_path, "steady", "servers")
    postgres = int(started.until(r"pids (\d+) \d+")[1])
    started.until("Ready")
    os.kill(postgres, signal.SIGKILL)
    started.until("postgres has ended by SIGKILL")
    started.process.send_signal(signal.SIGTERM)
    assert started.end() == 0


def test_a_service_that_cannot_start_ends_the_run_with_1_and_its_words(tmp_path: Path, runs: ExitStack) -> None:
    started = run(runs, tmp_path, "steady", "broken")
    assert started.end() == 1
    assert "broken   | no port left" in started.said
    assert "cpor     | broken has ended with exit code 3 before it was ready." in started.said
    assert "cpor     | Ready." not in started.said


def test_a_service_that_is_never_ready_ends_the_run_with_1(tmp_path: Path, runs: ExitStack) -> None:
    started = run(runs, tmp_path, "slow")
    assert started.end() == 1
    assert "cpor     | slow was not ready within 0.5 s." in started.said


def test_two_runs_on_one_folder_are_refused_and_on_two_folders_are_not(tmp_path: Path, runs: ExitStack) -> None:
    first = run(runs, tmp_path / "one", "steady", "servers")
    beside = run(runs, tmp_path / "two", "steady", "servers")
    first.until("Ready")
    second = run(runs, tmp_path / "one", "steady", "servers")
    assert second.end() == 1
    assert "is in use by another process" in second.said[-1]
    beside.until("Ready")
    for each in (first, beside):
        each.process.send_signal(signal.SIGTERM)
    assert (first.end(), beside.end()) == (0, 0)


@linux_only
def test_kill_9_leaves_nothing_running_and_the_folder_free(tmp_path: Path, runs: ExitStack) -> None:
    started = run(runs, tmp_path, "steady", "stubborn", "servers")
    started.until("Ready")
    family = children(started.process.pid)
    assert len(family) == 4
    family += [grandchild for child in family for grandchild in children(child)]
    ends = end_of(family, runs)
    started.process.kill()
    assert all_end(ends)
    again = run(runs, tmp_path, "steady", "servers")
    again.until("Ready")
    again.process.send_signal(signal.SIGTERM)
    assert again.end() == 0


@linux_only
def test_a_tethered_run_ends_with_the_process_that_started_it(tmp_path: Path, runs: ExitStack) -> None:
    started = run(runs, tmp_path, "steady", "tethered", through=("sh", "-c", '"$@"; true', "sh"))
    started.until("Ready")
    ends = end_of(children(started.process.pid), runs)
    started.process.kill()
    assert all_end(ends)
    started.until("Stopping")


def test_a_signal_while_the_servers_start_leaves_nothing_behind(tmp_path: Path, runs: ExitStack) -> None:
    started = run(runs, tmp_path, "endless", "servers")
    postgres = int(started.until(r"pids (\d+) \d+")[1])
    ends = end_of([postgres], runs)
    started.process.send_signal(signal.SIGTERM)
    assert started.end() in {0, 128 + signal.SIGTERM}
    assert all_end(ends)


class Mortal:
    """Something that dies whenever it is started."""

    name = "mortal"
    pid: int | None = None
    exit_code = 1
    starts = 0

    def start(self) -> None:
        self.starts += 1
        if self.starts == 2:
            raise StartError("mortal did not start.")


def test_the_pause_before_the_next_start_grows_with_each_death_and_is_forgotten_later() -> None:
    said = StringIO()
    mortal = Mortal()
    watch = Watch(mortal, lambda text: print(text, file=said))
    for now in (100.0, 100.4, 100.5, 101.0, 101.9, 102.0, 103.0):
        watch.look(now)
    assert mortal.starts == 2
    assert said.getvalue().splitlines() == [
        "mortal has ended with exit code 1: again in 0.5 s.",
        "mortal has ended with exit code 1: again in 1 s.",
        "mortal did not start.",
        "mortal has ended with exit code 1: again in 2 s.",
    ]
    mortal.pid = 1
    watch.look(200.0)
    mortal.pid = None
    watch.look(201.0)
    assert said.getvalue().splitlines()[-1] == "mortal has ended with exit code 1: again in 0.5 s."
