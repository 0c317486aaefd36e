"""What a document must be before it is examined: ordered checks, each of which refuses with a reason.

Another check is one function more in `CHECKS`: it raises Invalid where the document will not do.
"""

import unicodedata
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import IO, NamedTuple

from cpor_web.inspection.findings import Finding
from cpor_web.proofs import examining
from cpor_web.proofs.examining import FIELD
from cpor_web.proofs.kinds import KINDS, Kind, is_locked_office_file
from cpor_web.rules.exc import Invalid
from cpor_web.rules.words import N_, Value

LONGEST_NAME = 200
MIB = 2**20


class Candidate(NamedTuple):
    """An upload as it came: `size` and `limit` in bytes, `stream` seekable and at its start."""

    filename: str
    stream: IO[bytes]
    size: int
    limit: int

    @classmethod
    def of(cls, stream: IO[bytes], filename: str | None, limit: int) -> "Candidate":
        """Measure `stream`, and take the bare name of a path that some browsers send."""
        size = stream.seek(0, 2)
        stream.seek(0)
        bare = unicodedata.normalize("NFC", (filename or "").replace("\\", "/").rpartition("/")[2].strip())
        return cls(bare, stream, size, limit)

    @property
    def extension(self) -> str:
        return PurePosixPath(self.filename).suffix.lower()


def check(candidate: Candidate) -> Kind:
    """Return the kind of a document that passes every check, or raise the first Invalid.

    What is in it, `examining` tells of those kinds that can do harm: that costs the most, so it is asked last.
    """
    for each in CHECKS:
        each(candidate)
    return KINDS[candidate.extension]


def is_present(candidate: Candidate) -> None:
    """A file was chosen."""
    if not candidate.filename:
        raise _refused(N_("Choose a file first."))


def has_a_usable_name(candidate: Candidate) -> None:
    """The name is short and has only characters that can be seen: none that reverses or hides a part of it."""
    if len(candidate.filename) > LONGEST_NAME:
        raise _refused(N_("The file's name is too long. Rename it and upload it again."))
    if any(unicodedata.category(character).startswith("C") for character in candidate.filename):
        raise _refused(N_("The file's name has characters that cannot be seen. Rename it and upload it again."))


def is_of_a_known_type(candidate: Candidate) -> None:
    """The extension is one of those that are taken."""
    if candidate.extension not in KINDS:
        allowed = ", ".join(extension[1:].upper() for extension in KINDS)
        raise _refused(N_("Files of this type are not taken. Possible: %(allowed)s."), allowed=allowed)


def is_not_too_large(candidate: Candidate) -> None:
    """The size is within the operator's limit."""
    if candidate.size > candidate.limit:
        raise _refused(N_("The file is larger than %(limit)s MiB."), limit=candidate.limit // MIB)


def is_not_empty(candidate: Candidate) -> None:
    """There is something in it."""
    if candidate.size == 0:
        raise _refused(N_("The file is empty."))


def is_not_locked(candidate: Candidate) -> None:
    """It is no Word, Excel or PowerPoint file with a password, which is another kind of file outside."""
    if KINDS[candidate.extension].inspected_as == "office" and is_locked_office_file(candidate.stream):
        raise _refused(examining.SENTENCES[Finding.ENCRYPTED])


def is_what_its_name_says(candidate: Candidate) -> None:
    """The content is of the kind that the extension names."""
    if not KINDS[candidate.extension].matches(candidate.stream):
        raise _refused(
            N_("The content of the file is not %(kind)s, as its name says. Save it again as what it is."),
            kind=candidate.extension[1:].upper(),
        )


CHECKS: tuple[Callable[[Candidate], None], ...] = (
    is_present,
    has_a_usable_name,
    is_of_a_known_type,
    is_not_too_large,
    is_not_empty,
    is_not_locked,
    is_what_its_name_says,
)


def _refused(message: str, **values: Value) -> Invalid:
    return Invalid(message, values, field_name=FIELD)
