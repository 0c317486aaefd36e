"""What comes in with a request, kept until a thread works on it; where it finds no room, whoever reads it is told.

waitress itself would cut the line: the person who sent a document would see no page at all.
"""

import logging
import os
from contextlib import suppress
from typing import Any, NoReturn

from waitress.buffers import OverflowableBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from werkzeug.exceptions import ServiceUnavailable

log = logging.getLogger(__name__)


class _Gone:
    """What the application is given to read in place of what found no room: it answers 503, on a page of its own."""

    def read(self, *_most: int) -> NoReturn:
        raise ServiceUnavailable


class _Body(OverflowableBuffer):
    """In memory, then in a temporary file; where the disk takes no more, the rest is read and thrown away."""

    def __init__(self, overflow: int) -> None:
        super().__init__(overflow)
        self._came, self._has_room = 0, True

    def __len__(self) -> int:
        return self._came

    def append(self, s: bytes) -> None:
        self._came += len(s)
        if not self._has_room:
            return
        try:
            super().append(s)
        except OSError as error:
            log.warning("what comes in finds no room in the temporary folder: %s", os.strerror(error.errno or 0))
            self._has_room = False
            with suppress(OSError):  # what it still holds in memory has no room either
                self.close()
            self.buf, self.strbuf = None, b""

    def getfile(self) -> Any:
        return super().getfile() if self._has_room else _Gone()


class _Request(HTTPRequestParser):
    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if self.body_rcv is not None:
            self.body_rcv.buf = _Body(self.adj.inbuf_overflow)


class Line(HTTPChannel):
    """A connection whose requests are all answered, also those that find no room."""

    parser_class = _Request
