"""The operator's logo and colour."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from cpor_web import create_app
from cpor_web.config import ConfigError, Settings
from cpor_web.extensions import db
from cpor_web.picture_types import picture_type
from tests.support.browser import Browser

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><script>alert(1)</script><path d="M0 0h8v8z"/></svg>'
PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)


@pytest.fixture
def branded(settings: Settings, tmp_path: Path) -> Iterator[Browser]:
    """A browser before a site with a logo and a colour."""
    logo = tmp_path / "logo.svg"
    logo.write_text(SVG)
    app: Flask = create_app(replace(settings, operator_logo=str(logo), operator_colour="#ffd800"))
    browser = app.test_client()
    assert isinstance(browser, Browser)
    yield browser
    with app.app_context():
        db.engine.dispose()


def test_pages_wear_the_logo_and_the_colour(branded: Browser) -> None:
    page = branded.page("/login")
    logo = page.header.find("img")
    assert logo["alt"] == ""  # its name is beside it
    answer = branded.get(logo["src"])
    assert (answer.status_code, answer.mimetype, answer.text) == (200, "image/svg+xml", SVG)

    sheets = [link["href"] for link in page("link", rel="stylesheet")]
    (ours,) = [address for address in sheets if address.startswith("/brand/")]
    answer = branded.get(ours)
    assert answer.mimetype == "text/css"
    assert "--accent: #ffd800" in answer.text


def test_a_logo_that_is_opened_by_itself_runs_nothing(branded: Browser) -> None:
    policy = branded.get("/brand/logo").headers["Content-Security-Policy"]
    assert {"sandbox", "base-uri 'none'", "frame-ancestors 'none'"} < set(policy.split("; "))
    assert "script" not in policy


def test_without_a_setting_there_is_neither(client: Browser) -> None:
    page = client.page("/login")
    assert page.header.find("img") is None
    assert not [link for link in page("link") if link["href"].startswith("/brand/")]
    assert client.get("/brand/logo").status_code == client.get("/brand/colour.css").status_code == 404


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (SVG.encode(), "image/svg+xml"),
        (b'<?xml version="1.0"?>\n<!-- drawn by hand -->\n<svg/>'.replace(b"<svg/>", b"<svg >"), "image/svg+xml"),
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        (b"<html><svg></svg></html>", ""),
        (b"GIF89a", ""),
        (b"", ""),
    ],
)
def test_a_picture_is_told_by_its_content(content: bytes, kind: str) -> None:
    assert picture_type(content) == kind


def test_what_is_no_picture_and_no_colour_is_told_at_the_start(tmp_path: Path) -> None:
    page, large = tmp_path / "logo.svg", tmp_path / "large.png"
    page.write_text("<html></html>")
    large.write_bytes(PNG + bytes(300 * 1024))
    for logo in (page, large, tmp_path / "none.png", tmp_path):
        with pytest.raises(ConfigError) as told:
            Settings.from_environ({"CPOR_OPERATOR_LOGO": str(logo), "CPOR_OPERATOR_COLOUR": "red"})
        words = "\n".join(told.value.problems)
        assert "CPOR_OPERATOR_LOGO must be an SVG, PNG, JPEG or WebP file" in words
        assert "CPOR_OPERATOR_COLOUR must be a colour such as" in words
