"""Headers that every answer carries."""

from collections.abc import Iterator

from flask import Flask, Response, current_app, g
from werkzeug.middleware.proxy_fix import ProxyFix

from cpor_web.web import present

CUSTOMER_PAGES = "customers"

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "object-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}


def init_app(app: Flask, *, trusted_proxies: int) -> None:
    """Set the headers on every answer. Believe that many proxies in front of us."""
    if trusted_proxies:
        hops = trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.after_request(_harden)


def is_customers_page() -> bool:
    """Tell whether the request is for a customer's page, be its link broken, or all behind its first letter cut off.

    Such a page is the same whoever is signed in on that machine: no session is read for it.
    """
    asked = present.asked()
    if asked.url_rule:
        return asked.blueprint == CUSTOMER_PAGES
    rules = (rule for rule in current_app.url_map.iter_rules() if rule.endpoint.startswith(f"{CUSTOMER_PAGES}."))
    return _beginning(asked.path.lower()) in map(_beginning, (rule.rule for rule in rules))


def _beginning(path: str) -> str:
    return path.split("/")[1]


def allow_frames() -> None:
    """Let this answer's page hold a frame with an address of ours."""
    g.csp_frames = "'self'"


def _policy(frames: str | None) -> str:
    policy = {**_POLICY, **({"frame-src": frames} if frames else {})}
    return "; ".join(f"{name} {value}" for name, value in policy.items())


_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("Cache-Control", "no-store"),  # but for assets, which say how they are kept
)
_OF_CUSTOMERS = (*_ALWAYS, ("Referrer-Policy", "no-referrer"), ("X-Robots-Tag", "noindex, nofollow"))
_OF_ALL_ELSE = (*_ALWAYS, ("Referrer-Policy", "same-origin"))
_ENCRYPTED = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")


def _harden(response: Response) -> Response:
    """Say what the answer does not say by itself."""
    said = {name.lower() for name, _value in response.headers}
    for name, value in _headers():
        if name.lower() not in said:
            response.headers.add(name, value)
    return response


def _headers() -> Iterator[tuple[str, str]]:
    asked, kept = present.asked(), present.kept()
    yield "Content-Security-Policy", _policy(kept.get("csp_frames"))
    yield from _OF_CUSTOMERS if is_customers_page() else _OF_ALL_ELSE
    if asked.is_secure or current_app.config["PREFERRED_URL_SCHEME"] == "https":
        yield _ENCRYPTED
