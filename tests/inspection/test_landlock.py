"""What a process that was taken over may no more do to others of its user, where the kernel has Landlock."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cpor_web.inspection import landlock

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has Landlock")

TRIES = """
import ctypes, encodings.idna, json, os, socket, sys
from cpor_web.inspection import landlock
from cpor_web.inspection.__main__ import NOBODY, bound

folder, first = sys.argv[1:]
secret = ctypes.create_string_buffer(b"a secret of the process that forked it")
libc = ctypes.CDLL(None, use_errno=True)
os.chdir(folder)
for name in ("read", "written", "removed", "renamed", "cut"):
    with open(name, "w") as file:
        file.write("a document")
os.mkdir("emptied")
if os.geteuid() == 0:  # as an ordinary user, whose files and processes these are
    for name in (".", *os.listdir(".")):
        os.chown(name, NOBODY, NOBODY)
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
libc.prctl(4, 1)  # PR_SET_DUMPABLE, lost with root
libc.prctl(0x59616D61, ctypes.c_ulong(-1))  # PR_SET_PTRACER: where Yama is, anybody may
listening = socket.create_server(("127.0.0.1", 0))
abstract = socket.socket(socket.AF_UNIX)
abstract.bind("\\0cpor-%d" % os.getpid())
abstract.listen()

def asked(answer):
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

def vector(buffer):
    return (ctypes.c_void_p * 2)(ctypes.addressof(buffer), ctypes.sizeof(buffer))

def read_memory(pid):
    taken = ctypes.create_string_buffer(len(secret))
    one, none = ctypes.c_ulong(1), ctypes.c_ulong(0)
    asked(libc.process_vm_readv(pid, vector(taken), one, vector(secret), one, none))
    assert taken.raw == secret.raw

parent = os.getpid()
tries = {
    "read": lambda: open("read"),
    "write": lambda: open("written", "a"),
    "create": lambda: open("created", "w"),
    "list": lambda: os.listdir("."),
    "remove": lambda: os.unlink("removed"),
    "rename": lambda: os.rename("renamed", "elsewhere"),
    "link": lambda: os.symlink("read", "linked"),
    "mkdir": lambda: os.mkdir("made"),
    "rmdir": lambda: os.rmdir("emptied"),
    "truncate": lambda: os.truncate("cut", 0),
    "execute": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "proc environ": lambda: open(f"/proc/{parent}/environ").read(),
    "proc mem": lambda: open(f"/proc/{parent}/mem", "rb"),
    "process_vm_readv": lambda: read_memory(parent),
    "ptrace": lambda: asked(libc.ptrace(0x4206, parent, 0, 0)),
    "connect": lambda: socket.create_connection(listening.getsockname()),
    "listen": lambda: socket.create_server(("127.0.0.1", 0)),
    "signal": lambda: os.kill(parent, 0),
    "abstract socket": lambda: socket.socket(socket.AF_UNIX).connect(abstract.getsockname()),
}
if not (pid := os.fork()):
    {"nothing": int, "landlock": landlock.give_up, "bound": lambda: bound(has_landlock=True)}[first]()
    found = {}
    for name, attempt in tries.items():
        try:
            attempt()
            found[name] = "done"
        except PermissionError:
            found[name] = "refused"
        except BaseException as error:
            found[name] = repr(error)
    print(json.dumps(found), flush=True)
    os._exit(0)
os.waitpid(pid, 0)
"""

SINCE = {"truncate": 3, "connect": 4, "listen": 4, "signal": 6, "abstract socket": 6}
"""Which version of Landlock knows it; every version knows the others."""

NAMES = [line.split('"')[1] for line in TRIES.partition("tries = {")[2].splitlines() if line.startswith('    "')]

FILTERED = """
import ctypes
import struct
from cpor_web.inspection import landlock
asked = landlock.CREATE_RULESET
program = struct.pack("HBBI" * 4, 0x20, 0, 0, 0, 0x15, 0, 1, asked, 6, 0, 0, {answer}, 6, 0, 0, 0x7FFF0000)
kept = ctypes.create_string_buffer(program)
libc = ctypes.CDLL(None)
libc.prctl(38, 1, 0, 0, 0)
assert libc.prctl(22, 2, struct.pack("HL", 4, ctypes.addressof(kept)), 0, 0) == 0
"""
"""Forbid the call as `SystemCallFilter=` does (seccomp(2)): load a call's number, compare it, answer so or allow."""

EXAMINED = """
from tests.support.proof import PDF, examined
print(landlock.is_supported(), examined("pdf", PDF))
"""

KILL, REFUSE = 0x80000000, 0x00050001


def tried(folder: Path, first: str) -> dict[str, str]:
    """Return how each attempt of a forked process ends that first gives up so much."""
    folder.mkdir(mode=0o700)
    done = subprocess.run(
        [sys.executable, "-c", TRIES, str(folder), first], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def open_to_nobody() -> Iterator[Path]:
    """A folder that can be passed by who is not root: pytest's own cannot."""
    with TemporaryDirectory(prefix="cpor-landlock-") as made:
        folder = Path(made)
        folder.chmod(0o711)
        yield folder


@pytest.fixture(scope="module")
def outcomes(open_to_nobody: Path) -> tuple[dict[str, str], dict[str, str]]:
    """How each attempt ends without it, and with it."""
    if not landlock.is_supported():
        pytest.skip("this kernel has no Landlock, or a filter of system calls forbids it")
    return tried(open_to_nobody / "free", "nothing"), tried(open_to_nobody / "restricted", "landlock")


@pytest.mark.parametrize("name", NAMES)
def test_what_its_user_may_do_it_may_not(name: str, outcomes: tuple[dict[str, str], dict[str, str]]) -> None:
    if landlock.version() < SINCE.get(name, 1):
        pytest.skip(f"Landlock knows this since version {SINCE[name]}")
    free, restricted = outcomes
    assert (free[name], restricted[name]) == ("done", "refused")


def test_nothing_that_was_there_has_changed(
    open_to_nobody: Path, outcomes: tuple[dict[str, str], dict[str, str]]
) -> None:
    left = sorted(path.name for path in (open_to_nobody / "restricted").iterdir())
    assert left == ["cut", "emptied", "read", "removed", "renamed", "written"]
    assert (open_to_nobody / "restricted" / "cut").read_text() == "a document"


@pytest.mark.usefixtures("outcomes")
def test_a_reader_gives_it_up_with_all_else(open_to_nobody: Path) -> None:
    found = tried(open_to_nobody / "bound", "bound")
    assert "done" not in found.values()
    assert {name for name, how in found.items() if how == "refused"} >= {"remove", "rename", "truncate", "ptrace"}


@pytest.mark.parametrize("answer", [KILL, REFUSE], ids=["kill", "refuse"])
def test_where_a_filter_forbids_it_that_is_known_and_documents_are_read_all_the_same(answer: int) -> None:
    program = FILTERED.format(answer=answer) + EXAMINED
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("False 1\n", 0), done.stderr
