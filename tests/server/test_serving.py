"""What the web server says when it starts."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from cpor_web.inspection import landlock
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
