"""A real clamd of the test's own: it knows one signature, EICAR's test file, and listens in its folder.

The databases of the network are not fetched: a file of one line is one (ClamAV's "Body-based signatures").
"""

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""In two pieces, so that nobody's scanner takes this file for it."""

NAME = "Eicar-Test-Signature"
LARGEST = 2**20
WITHIN = 180.0

CONFIG = """\
LocalSocket {folder}/clamd.ctl
LocalSocketMode 600
DatabaseDirectory {folder}/database
Foreground yes
LogFile {folder}/log
StreamMaxLength {largest}
{user}
"""


def is_there() -> bool:
    """Tell whether this machine has clamd."""
    return shutil.which("clamd") is not None


class Clamd:
    """Use it as a context manager; `start` and `stop` let it go away and come back."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """What CPOR_CLAMD would say."""
        return str(self.folder / "clamd.ctl")

    def __enter__(self) -> Self:
        with self._stack as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cpor-clamd-")))
            database = self.folder / "database"
            database.mkdir()
            (database / "test.ndb").write_text(f"{NAME}:0:*:{EICAR.hex()}\n")
            user = "User root" if os.geteuid() == 0 else ""
            text = CONFIG.format(folder=self.folder, largest=LARGEST, user=user)
            (self.folder / "clamd.conf").write_text(text)
            stack.callback(self.stop)
            self.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def start(self) -> None:
        """Start it, and return once it listens."""
        command = ["clamd", "--config-file", str(self.folder / "clamd.conf")]
        self._server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + WITHIN
        while not Path(self.address).exists():
            assert self._server.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < until, "clamd does not listen"
            time.sleep(0.05)

    def stop(self) -> None:
        """End it; what comes next finds nobody."""
        if self._server is not None:
            self._server.terminate()
            self._server.wait(WITHIN)
            self._server = None
            Path(self.address).unlink(missing_ok=True)
