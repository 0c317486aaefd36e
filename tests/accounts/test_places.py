"""Where a request comes from, in words: recognisable for its owner, useless to find anybody."""

import pytest

from cpor_web.accounts.places import browser_named, network_of

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/142.0.0.0 Safari/537.36"
SAFARI = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/26.0 Safari/605.1.15"
PHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {WEBKIT} Version/18.6 Mobile/15E148 Safari/604.1"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (CHROME, "Chrome · Windows"),
        (f"{CHROME} Edg/142.0.0.0", "Edge · Windows"),
        (f"{CHROME} OPR/120.0.0.0", "Opera · Windows"),
        (SAFARI, "Safari · Mac"),
        (PHONE, "Safari · iPhone"),
        ("Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0", "Firefox · Android"),
        ("curl/8.5", ""),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)
def test_browser_and_system_are_named(agent: str, words: str) -> None:
    assert browser_named(agent) == words


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("192.0.2.77", "192.0.2.x"),
        ("::ffff:192.0.2.77", "192.0.2.x"),
        ("2001:db8:1:2::77", "2001:db8:1:x"),
        ("2001:db8::77", "2001:db8:0:x"),
        ("", ""),
        ("unix:", ""),
        ("fe80::1%eth0", "fe80:0:0:x"),
    ],
)
def test_an_address_is_told_by_its_network_only(address: str, words: str) -> None:
    assert network_of(address) == words
