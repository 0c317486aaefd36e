"""Inspects the document on standard input, of the kind that the argument names; writes what was found as JSON.

It gives up its rights before it reads the first byte: memory and time are bounded, and it opens nothing any more, no
file, no other process's memory or environment, no socket. Where the kernel has Landlock, it removes and renames
nothing either, and reaches no other process. So all that it will need is loaded before.
"""

import codecs
import encodings
import json
import os
import resource
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.machinery import BuiltinImporter, FrozenImporter
from pkgutil import iter_modules
from typing import IO

from cpor_web.inspection import landlock
from cpor_web.inspection.findings import Found

MEMORY = 2**30
"""Bytes of address space; a document of 25 MiB needs a fifth of it."""

SECONDS = 10
"""Of a processor."""

NOBODY = 65534
NOTHING = "nothing"
MAILS = ("eml", "msg")
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
    inspect = inspector(sys.argv[1])
    load_encodings(sys.argv[1])
    bound(has_landlock=landlock.is_supported())
    with open(0, "rb", closefd=False) as stream:
        stream.seek(0)
        try:
            answer = {"found": NOTHING, "pages": inspect(stream)}
        except Found as found:
            answer = {"found": found.finding.value}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
