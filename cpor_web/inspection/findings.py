"""What can be wrong inside a document."""

from enum import StrEnum


class Finding(StrEnum):
    """One reason to refuse a document. `proofs.examining` has the sentences."""

    DAMAGED = "damaged"
    ENCRYPTED = "encrypted"
    MACROS = "macros"
    SCRIPTS = "scripts"
    FORM = "form"
    EMBEDDED = "embedded"
    LINKED = "linked"
    ASTRAY = "astray"
    PROGRAM = "program"
    BOMB = "bomb"


class Found(Exception):
    """Something is wrong with the document."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding)
        self.finding = finding
