"""What the web server says when it starts."""

import logging
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cpor_web.inspection import landlock
from cpor_web.paths import COUNTS
from cpor_web.server import serving


class Stopped(Exception):
    """It came as far as listening."""


@pytest.mark.parametrize("is_supported", [True, False])
def test_the_log_says_where_documents_are_read_without_landlock(
    is_supported: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stop(_settings: object) -> Any:
        raise Stopped

    monkeypatch.setattr(landlock, "is_supported", lambda: is_supported)
    monkeypatch.setattr(serving, "_listening", stop)
    app: Any = SimpleNamespace(extensions={"settings": None})
    with caplog.at_level(logging.INFO, "cpor_web"), pytest.raises(Stopped):
        serving.serve(app)
    assert ("without Landlock" in caplog.text) is not is_supported


def test_the_counts_of_a_server_that_was_killed_take_up_no_memory_once_another_one_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    killed, living = (tmp_path / f"cpor-counts-{pid}-abc" for pid in (ended.pid, os.getpid()))
    for each in (killed, living):
        each.mkdir()
        (each / "counter_1.db").touch()
    monkeypatch.setattr(serving, "IN_MEMORY", str(tmp_path))
    monkeypatch.setenv(COUNTS, "")
    settings: Any = SimpleNamespace(web_processes_number=2)
    with serving.prepared(settings):
        assert living.is_dir()
        assert not killed.exists()
        assert Path(os.environ[COUNTS]).parent == tmp_path
    assert [each.name for each in tmp_path.iterdir()] == [living.name]


@pytest.mark.parametrize("named", ["99999999999999-x", f"{'9' * 30}-x", "-1-x", "0-x", "of-somebody"])
def test_a_folder_that_is_not_of_our_making_keeps_no_server_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    (tmp_path / f"cpor-counts-{named}").mkdir()
    monkeypatch.setattr(serving, "IN_MEMORY", str(tmp_path))
    monkeypatch.setenv(COUNTS, "")
    settings: Any = SimpleNamespace(web_processes_number=2)
    with serving.prepared(settings):
        assert Path(os.environ[COUNTS]).parent == tmp_path
    assert [each.name for each in tmp_path.iterdir()] == [f"cpor-counts-{named}"]
