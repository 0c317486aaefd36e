"""Forks a process for each document that is sent by standard input, a socket; that one answers as JSON, and ends.

The forked one gives up its rights before it reads the first byte: memory and time are bounded, and it opens nothing
any more, no file, no other process's memory or environment, no socket. Where the kernel has Landlock, it removes and
renames nothing either, and signals and traces no other process. So all that it will need is loaded before, by the one
that forks it, which reads no document: it loads a reader when the first document of its kind comes, and those of most
documents while none comes.
"""

import codecs
import encodings
import gc
import json
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.machinery import BuiltinImporter, FrozenImporter
from pkgutil import iter_modules
from typing import IO, NoReturn

from cpor_web.inspection import landlock
from cpor_web.inspection.findings import Found

MEMORY = 2**30
"""Bytes of address space; a document of 25 MiB needs a fifth of it."""

SECONDS = 10
"""Of a processor."""

NOBODY = 65534
LONGEST_KIND = 16
NOTHING = "nothing"
MAILS = ("eml", "msg")
MOST = ("pdf", "PNG", "JPEG")
"""The kinds of nearly all documents."""

ENCODINGS = ("ascii", "utf_8", "utf_8_sig", "utf_16", "utf_16_le", "utf_16_be", "latin_1", "cp437", "cp1252")


def inspector(kind: str) -> Callable[[IO[bytes]], int | None]:
    """Return what inspects documents of `kind` and counts the pages of what has some; only that is imported."""
    if kind == "pdf":
        from cpor_web.inspection.pdf import inspect as inspect_pdf

        return inspect_pdf
    if kind == "office":
        from cpor_web.inspection.office import inspect as inspect_office

        return inspect_office
    if kind == "csv":
        from cpor_web.inspection.tables import inspect as inspect_table

        return inspect_table
    if kind in MAILS:
        from cpor_web.inspection import mails

        return mails.inspect_eml if kind == "eml" else mails.inspect_msg
    from cpor_web.inspection import images

    return images.inspector(kind)


def load_encodings(kind: str) -> None:
    """Load the ways to write letters, which Python does when it meets one: in mails that may be any."""
    every = (module.name for module in iter_modules(encodings.__path__)) if kind in MAILS else ()
    for name in {*ENCODINGS, *every}:
        with suppress(LookupError, ImportError):
            codecs.lookup(name)


def loaded(kind: str) -> Callable[[IO[bytes]], int | None]:
    """Return what inspects documents of a kind, with all that it will need."""
    inspect = inspector(kind)
    load_encodings(kind)
    return inspect


def load_most(*, until: socket.socket) -> None:
    """Load what reads most documents, as long as nothing comes by a socket."""
    for kind in MOST:
        if select.select([until], [], [], 0)[0]:
            return
        loaded(kind)


def bound(*, has_landlock: bool) -> None:
    """Bound what this process may take and do, for good; root could lift every bound, so it is root no more."""
    if os.geteuid() == 0:
        with suppress(OSError):  # a container that has nobody else in it
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
    if has_landlock:
        landlock.give_up()
    limits = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CPU: SECONDS,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 0,  # what is open stays open
        resource.RLIMIT_NPROC: 0,
    }
    for limit, most in limits.items():
        with suppress(ValueError, OSError):  # a limit that this system does not know
            resource.setrlimit(limit, (most, most))
    # What was not loaded is not there: to look for it takes the opening of folders, and that would end us.
    sys.meta_path[:] = [BuiltinImporter, FrozenImporter]


def main() -> None:
    """Have documents read one after the other, until who sends them has gone."""
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # who asks a whole service where it is still has its documents read
    has_landlock = landlock.is_supported()
    with socket.socket(fileno=0) as line:
        load_most(until=line)
        while (asked := socket.recv_fds(line, LONGEST_KIND, 2))[0]:
            kind, (document, answer) = asked[0].decode(), asked[1]
            inspect = loaded(kind)
            gc.freeze()  # else each reader's looking for garbage would copy what it shares with us
            if not (reader := os.fork()):
                line.close()
                read(document, answer, inspect, has_landlock=has_landlock)
            os.close(document)
            os.close(answer)
            is_over = line.recv(1)  # said when the answer is there, or has taken too long; nothing when nobody waits
            os.kill(reader, signal.SIGKILL)
            os.waitpid(reader, 0)
            line.sendall(is_over)


def read(document: int, answer: int, inspect: Callable[[IO[bytes]], int | None], *, has_landlock: bool) -> NoReturn:
    """Say at once what is found in a document, and end. Nothing is said where that fails."""
    try:
        bound(has_landlock=has_landlock)
        with open(document, "rb", closefd=False) as stream:
            stream.seek(0)
            try:
                found = {"found": NOTHING, "pages": inspect(stream)}
            except Found as caught:
                found = {"found": caught.finding.value}
        os.write(answer, json.dumps(found).encode())
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
