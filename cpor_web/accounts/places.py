"""Where a request comes from, in words that its owner recognises: a browser and a network, never an address."""

from ipaddress import IPv6Address, ip_address

from flask import request

from cpor_web.users.security_log import Place

Signs = tuple[tuple[str, tuple[str, ...]], ...]

BROWSERS: Signs = (
    ("Edge", ("edg/", "edge/", "edgios/", "edga/")),
    ("Opera", ("opr/", "opera")),
    ("Samsung Internet", ("samsungbrowser/",)),
    ("Firefox", ("firefox/", "fxios/")),
    ("Chrome", ("chrome/", "crios/", "chromium/")),
    ("Safari", ("safari/",)),
)
SYSTEMS: Signs = (
    ("iPhone", ("iphone",)),
    ("iPad", ("ipad",)),
    ("Android", ("android",)),
    ("Windows", ("windows",)),
    ("Mac", ("macintosh", "mac os x")),
    ("ChromeOS", ("cros",)),
    ("Linux", ("linux", "x11")),
)
"""By name, what says so of itself, in small letters. The first that fits counts: each imitates those below it."""


def here() -> Place:
    """Return where the present request comes from."""
    return Place(browser_named(request.headers.get("User-Agent", "")), network_of(request.remote_addr or ""))


def browser_named(agent: str) -> str:
    """Return the browser and the system that call themselves so, such as "Firefox · Linux"; "" where neither says."""
    return " · ".join(filter(None, (_first(BROWSERS, agent.lower()), _first(SYSTEMS, agent.lower()))))


def network_of(address: str) -> str:
    """Return the network that an address is in, such as "192.0.2.x": enough to recognise, too coarse to find."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return ":".join([*(f"{int(parsed) >> shift & 0xFFFF:x}" for shift in (112, 96, 80)), "x"])
    return str(getattr(parsed, "ipv4_mapped", None) or parsed).rpartition(".")[0] + ".x"


def _first(kinds: Signs, agent: str) -> str:
    return next((name for name, signs in kinds if any(sign in agent for sign in signs)), "")
