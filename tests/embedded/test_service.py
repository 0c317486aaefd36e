"""What a service writes: on the terminal and in its log, and on the terminal alone where the disk is full."""

import sys
import time
from io import StringIO
from pathlib import Path

import pytest

from cpor_web.embedded.console import Console
from cpor_web.embedded.service import RunningService, Service

SAYS = "print('one'); print('two')"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a disk that is always full")
def test_what_a_service_writes_goes_on_to_the_terminal_while_the_disk_is_full(tmp_path: Path) -> None:
    out = StringIO()
    (tmp_path / "loud.log").symlink_to("/dev/full")
    running = RunningService(Service("loud", [sys.executable, "-c", SAYS]), tmp_path, Console(out))
    running.start()
    while running.pid is not None:
        time.sleep(0.01)
    running.stop()
    assert running.exit_code == 0
    assert out.getvalue().splitlines() == ["loud     | one", "loud     | two"]
