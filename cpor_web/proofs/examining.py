"""Has each document examined in a process of its own, which has no secrets, little memory and little time.

The readers of PDF, pictures and archives are large programs, and uploads are written by strangers. What takes over
such a reader finds an empty environment and no connection; what makes it hang or swell ends it, and nothing else.
"""

import json
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, NamedTuple

from cpor_web.inspection.findings import Finding
from cpor_web.proofs import fork_servers
from cpor_web.proofs.incoming import Incoming
from cpor_web.rules.exc import Invalid
from cpor_web.rules.words import N_

FIELD = "document"
AT_ONCE = 2
IN_LINE = 2
PATIENCE = 20.0
"""Seconds that so many wait for a turn: uploads may hold each other up, but not the threads of the web."""

HASTE = 1.5
"""Seconds that all others wait: enough for a crowd of ordinary documents, too little for one that takes its time."""

NOTHING = "nothing"
"""The answer where nothing was found; anything but an answer is a refusal."""

MOST_PAGES = 2**31 - 1
"""No document has more; who answers may be a reader that was taken over."""


class Answer(NamedTuple):
    """What the other process says: what it found, and how many pages there are where it counts them."""

    found: str
    pages: int | None = None


SENTENCES = {
    Finding.DAMAGED: N_(
        "The file is damaged, or not made by the rules of its kind. Save or print it anew, and upload that."
    ),
    Finding.ENCRYPTED: N_(
        "The file is protected by a password or by restrictions. Save it without, and upload it again."
    ),
    Finding.MACROS: N_("The file has macros or controls in it, which can run programs. Save it without, or as PDF."),
    Finding.SCRIPTS: N_(
        "The PDF does more than show pages: it has scripts, or actions that start, send or fetch something. "
        "Print it to a new PDF."
    ),
    Finding.FORM: N_("The PDF is a form of the XFA kind, which can run programs. Print it to a new PDF."),
    Finding.EMBEDDED: N_(
        "Other files are embedded in the file. Save it without them, or as PDF, and upload each by itself."
    ),
    Finding.LINKED: N_(
        "The file fetches something from elsewhere when it is opened: a template, a picture or another file. "
        "Break the links, or save it as PDF."
    ),
    Finding.ASTRAY: N_(
        "A link in the file leads to a program or a file instead of a web page. "
        "Take the link out, and upload the file again."
    ),
    Finding.PROGRAM: N_(
        "The mail has an attachment that can run as a program. Save the mail without it, or print it to a PDF."
    ),
    Finding.BOMB: N_(
        "The file would take far more room once it is opened than any document needs. Save it anew, or in parts."
    ),
}

_NOT_EXAMINED = N_("The file is too complex to be examined. Save or print it anew, or in parts, and upload that.")
_BUSY = N_("Too many documents are being examined just now. Upload it again in a minute.")

_turns = threading.BoundedSemaphore(AT_ONCE)
_line = threading.BoundedSemaphore(IN_LINE)


def examine(kind: str, file: IO[bytes]) -> int | None:
    """Return how many pages a document of `kind` has, None where they are not counted.

    Nothing in it runs, reaches out, hides other files or bursts, and it can be read without a password: else it
    raises Invalid("document") with the reason. `kind` is one that `cpor_web.inspection` knows, and `file` is nobody
    else's meanwhile: the other process moves the place at which it is read.
    """
    if not _has_a_turn():
        raise Invalid(_BUSY, field_name=FIELD)
    try:
        answer = _ask(kind, file)
    finally:
        _turns.release()
    if answer.found != NOTHING:
        finding = next((each for each in Finding if each == answer.found), None)
        raise Invalid(SENTENCES[finding] if finding else _NOT_EXAMINED, field_name=FIELD)
    return answer.pages


def expect() -> None:
    """Have loaded what examines documents, for somebody sees a page on which one can be given: nothing waits for it.

    With a turn taken, so that never more of it is loaded than are used at once.
    """
    if _turns.acquire(blocking=False):
        try:
            with suppress(OSError):  # the document, should one come, will say so
                fork_servers.expect()
        finally:
            _turns.release()


def _has_a_turn() -> bool:
    """Wait for a turn, long only with a place in line: customers are answered by the same threads as uploads."""
    if not _line.acquire(blocking=False):
        return _turns.acquire(timeout=HASTE)
    try:
        return _turns.acquire(timeout=PATIENCE)
    finally:
        _line.release()


def _ask(kind: str, file: IO[bytes]) -> Answer:
    """Return the answer; one that found an empty string where there was none."""
    try:
        said = json.loads(fork_servers.said_of(kind, file))
        pages = said.get("pages")
        return Answer(str(said["found"]), pages if isinstance(pages, int) and 0 < pages <= MOST_PAGES else None)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Answer("")


@contextmanager
def apart(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """Give a file with the same bytes, to be read by another process; `stream` is at its start."""
    if isinstance(stream, Incoming):
        stream.flush()
        with stream.path.open("rb") as file:
            yield file
        return
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(stream, file)
        file.flush()
        stream.seek(0)
        yield file
