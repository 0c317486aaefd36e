"""Headers that every answer carries."""

import pytest
from flask import Flask, abort

from tests.support.browser import Browser


@pytest.mark.parametrize("path", ["/login", "/no-such-page", "/healthz", "/static/app.css", "/d/cut-token"])
def test_every_answer_keeps_others_out(client: Browser, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "max-age" in headers["Strict-Transport-Security"]


def test_pages_are_not_kept_but_assets_are(client: Browser) -> None:
    assert client.get("/login").headers["Cache-Control"] == "no-store"
    assert client.get("/static/app.css").headers.get("Cache-Control") != "no-store"


def test_customers_pages_tell_nobody_where_they_are(client: Browser) -> None:
    headers = client.get("/d/cut-token").headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/d/cut-token", "/healthz", "/static/app.css"])
def test_who_does_not_sign_in_gets_no_cookie(client: Browser, path: str) -> None:
    assert "Set-Cookie" not in client.get(path).headers


def test_pages_load_from_here_alone(client: Browser) -> None:
    page = client.page("/login")
    loaded = [tag.get("href") or tag.get("src") for tag in page(["link", "script", "img"])]
    assert loaded
    assert all(address.startswith("/") and client.get(address).status_code == 200 for address in loaded)


@pytest.mark.parametrize("code", [400, 403, 404, 405, 409, 413, 429, 500, 503])
def test_every_error_is_a_page_with_a_way_on(
    app: Flask, client: Browser, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setitem(app.view_functions, "security.forgot_password", lambda: abort(code))
    client.expects_failure = True
    page = client.page("/reset", status=code)
    assert page.main.find("p").get_text(strip=True)
    assert page.main.find("a", href="/login")
    words = page.main.get_text()
    assert not any(acronym in words for acronym in ("CPOR", "MPN", "PoE", "CSRF"))


def test_what_asks_nothing_of_a_session_does_not_depend_on_cookies(client: Browser) -> None:
    for path in ("/healthz", "/static/app.css"):
        assert "Cookie" not in client.get(path).headers.get("Vary", ""), path
