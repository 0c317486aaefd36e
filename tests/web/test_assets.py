"""Assets are small, and kept by browsers until they change."""

import gzip

import pytest

from cpor_web.web.assets import FOR_GOOD
from tests.support.browser import Browser
from tests.support.installation import ROOT

STATIC = ROOT / "cpor_web" / "static"
OURS = sorted(file.name for file in STATIC.iterdir() if file.is_file())


@pytest.mark.parametrize("name", OURS)
def test_every_asset_of_ours_comes_compressed_and_whole(client: Browser, name: str) -> None:
    plain = client.get(f"/static/{name}")
    small = client.get(f"/static/{name}", headers={"Accept-Encoding": "gzip"})

    assert plain.status_code == 200
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in small.headers["Vary"]
    assert gzip.decompress(small.data) == plain.data == (STATIC / name).read_bytes()


def test_who_refuses_compression_gets_an_asset_plain(client: Browser) -> None:
    refused = client.get("/static/app.css", headers={"Accept-Encoding": "gzip;q=0, identity"})

    assert "Content-Encoding" not in refused.headers
    assert refused.data == (STATIC / "app.css").read_bytes()


def test_what_a_page_loads_is_kept_for_good(client: Browser) -> None:
    page = client.page("/login")
    loaded = [tag.get("href") or tag.get("src") for tag in page(["link", "script"])]
    assert len(loaded) > 3
    for address in loaded:
        assert "?v=" in address
        assert client.get(address).headers["Cache-Control"] == FOR_GOOD


def test_without_its_version_an_asset_is_asked_for_anew(client: Browser) -> None:
    assert client.get("/static/app.css").headers["Cache-Control"] == "no-cache"
    assert client.get("/static/none.css?v=1").headers["Cache-Control"] == "no-store"


def test_pages_are_not_compressed(client: Browser) -> None:
    assert "Content-Encoding" not in client.get("/login", headers={"Accept-Encoding": "gzip"}).headers
