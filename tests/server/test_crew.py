"""The processes of a crew stop when they are told to, whenever that is, and one that cannot be forked ends nobody."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

BEGINNING = """
import os, signal, sys, time
from cpor_web.server import crew

def say(word):
    os.write(1, f"{word}\\n".encode())  # at once, so that no two cut into each other

def work():
    "Say that it works; at TERM say that it has finished, and end."
    def end(*_):
        say("finished")
        os._exit(0)
    signal.signal(signal.SIGTERM, end)
    say("working")
    while True:
        time.sleep(60)
"""


def crew(number: int, code: str) -> subprocess.Popen[str]:
    """Start a process that keeps a crew of `number`, changed by `code` before."""
    script = f"{BEGINNING}\n{textwrap.dedent(code)}\ncrew.Crew({number}, work).run()\nsay('stopped')\n"
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> list[str]:
    with process:
        output, _nothing = process.communicate(timeout=120)
    return sorted(output.split())


def test_who_is_told_to_stop_while_it_is_just_being_forked_stops() -> None:
    process = crew(
        1,
        """
        really = os.fork
        def fork():
            pid = really()
            os.kill(os.getpid(), signal.SIGTERM)  # both are told, before the forked one has done anything
            return pid
        os.fork = fork
        """,
    )
    assert said(process)[-1] == "stopped"


def test_what_ends_when_all_are_told_to_stop_does_not_keep_the_others_from_finishing() -> None:
    process = crew(
        2,
        """
        really = os.waitpid
        def waitpid(pid, how):
            gone = really(pid, how)
            if gone[0]:  # told between the end of one and its being noted
                os.kill(os.getpid(), signal.SIGTERM)
            return gone
        os.waitpid = waitpid
        works, says, number, (heard, mouth) = work, say, [], os.pipe()
        def say(word):
            says(word)
            os.write(mouth, b"!")
        def work():
            if len(number) == 1:
                os.read(heard, 1)  # until the other one works, and hears what it is told
                os._exit(1)
            works()
        fork = os.fork
        def counted():
            number.append(1)
            return fork()
        os.fork = counted
        """,
    )
    assert said(process) == ["finished", "stopped", "working"]


def test_a_process_that_cannot_be_forked_is_tried_again_and_takes_nobody_down() -> None:
    process = crew(
        2,
        """
        really, times = os.fork, []
        def fork():
            times.append(1)
            if len(times) == 2:
                raise BlockingIOError(11, "Resource temporarily unavailable")
            return really()
        os.fork = fork
        """,
    )
    assert process.stdout is not None
    assert [process.stdout.readline() for _each in range(2)] == ["working\n"] * 2
    os.kill(process.pid, signal.SIGTERM)
    assert said(process) == ["finished", "finished", "stopped"]


@pytest.mark.parametrize("number", [1, 3])
def test_a_process_that_ends_unasked_is_replaced(number: int) -> None:
    process = crew(number, "works = work\ndef work():\n    say(f'pid{os.getpid()}')\n    works()")
    assert process.stdout is not None
    lines = [process.stdout.readline().strip() for _each in range(2 * number)]
    first = next(int(line[3:]) for line in lines if line.startswith("pid"))
    os.kill(first, signal.SIGKILL)
    again = [process.stdout.readline().strip() for _each in range(2)]
    assert "working" in again
    os.kill(process.pid, signal.SIGTERM)
    assert said(process).count("finished") == number
