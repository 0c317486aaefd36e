"""Tables in letters (CSV): no cell that a spreadsheet takes for a formula which talks to a program (DDE)."""

import re
from typing import IO

from cpor_web.inspection.findings import Finding, Found

CHUNK = 2**18
LONGEST_CELL = 1024

_BEGINS = rb"""(?:^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?|[,;\t\r\n"])[ "']{0,8}"""
_DDE = re.compile(_BEGINS + rb"[=+\-@][^,;\t\r\n|]{1,256}\|[^\t\r\n!]{0,512}!")
"""Such as `=cmd|'/c x'!A1`."""


def inspect(stream: IO[bytes]) -> None:
    """Raise Found for a table with such a cell, in whichever letters it is written."""
    tail = b""
    while chunk := stream.read(CHUNK):
        seen = (tail + chunk).replace(b"\0", b"")  # in UTF-16 there is one beside each
        if _DDE.search(seen):
            raise Found(Finding.LINKED)
        tail = seen[-LONGEST_CELL:]
