"""Anything in an address, a header, a cookie or a body, at every route and not only where a form is."""

import re
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from cpor_web.paths import TEMPLATES
from tests.access.places import NAMES, Places, lines
from tests.access.table import EVERYBODY, MAY
from tests.hostile import words
from tests.hostile.pages import BOUNDARY, multipart, urlencoded
from tests.hostile.watch import Watch
from tests.support.everybody import Everybody, Kind

SOURCE = Path(__file__).parents[2] / "cpor_web"
READ = re.compile(r"""args(?:\.get(?:list)?\(|\[)"(\w+)\"""")

MANY = len(words.SHORT) if words.EXPLORES else 2
"""How many things are tried at each place."""

FROM_FORMS = ("search", "who", "area", "mpn_id", "sort", "whose", "disputed", "next", "before", "after", "lang")
"""Parameters that forms and extensions read."""

HEADERS = (
    "Accept", "Accept-Language", "Authentication-Token", "Authorization", "Content-Encoding", "Expect", "Forwarded",
    "If-Match", "If-Modified-Since", "If-None-Match", "Origin", "Range", "Referer", "User-Agent", "Webhook-Id",
    "Webhook-Signature", "Webhook-Timestamp", "X-CSRFToken", "X-Forwarded-For", "X-Forwarded-Host",
    "X-Forwarded-Prefix", "X-Forwarded-Proto", "X-HTTP-Method-Override",
)  # fmt: skip

BODIES: tuple[tuple[str, bytes], ...] = (
    ("application/json", b'{"csrf_token": ["x"], "answer": {"a": 1}}'),
    ("application/json", b"[" * 50_000),
    ("application/json", b"[1, 2]"),
    ("application/json; charset=nonsense", b"\xff"),
    ("text/xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
    ("multipart/form-data", b"--x\r\n\r\n"),
    (f"multipart/form-data; boundary={BOUNDARY}", b"--" + BOUNDARY.encode() + b"\r\nContent-Disposition: form-data"),
    (f"multipart/form-data; boundary={BOUNDARY}", multipart([("document", b"x")] * 3, {"document"})),
    (f"multipart/form-data; boundary={BOUNDARY}", multipart([(f"part{n}", b"") for n in range(1500)])),
    (f"multipart/form-data; boundary={BOUNDARY}", multipart([("words", b"x" * 2 * words.MIB)])),
    ("application/x-www-form-urlencoded", b"x" * 3 * words.MIB),
    ("application/x-www-form-urlencoded", b"&".join([b"seen=1"] * 5000)),
    ("application/x-www-form-urlencoded", b"%%%=%zz&=&==&\x00=%00"),
    ("application/x-www-form-urlencoded; charset=utf-7", b"+ADw-hostile+AD4-=1"),
    ("\xff\xfe", b"seen=1"),
)


pytestmark = pytest.mark.hypothesis  # for `make explore`: with more time, more of them


@pytest.fixture(scope="module")
def places(everybody: Everybody) -> Places:
    """What the owning partner has."""
    with Session(everybody.engine, expire_on_commit=False) as session:
        return Places(everybody.app, session)


@pytest.fixture(scope="module")
def watch(everybody: Everybody, places: Places) -> Iterator[Watch]:
    """As elsewhere, but with those things there."""
    assert places.values
    watch = Watch(everybody)
    with watch.unthrottled():
        yield watch


def routes(watch: Watch, method: str) -> Iterator[tuple[str, Rule, Kind]]:
    """Yield every route of a method with somebody who may."""
    for line, rule in lines(watch.everybody.app):
        if line.startswith(method):
            yield line, rule, somebody(line)


def somebody(line: str) -> Kind:
    """Return who may ask that."""
    if MAY[line] == EVERYBODY:
        return Kind.STRANGER
    return next(kind for kind in (Kind.OWN_GLOBAL, Kind.REVIEWER, Kind.ADMINISTRATOR) if kind in MAY[line])


def parameters() -> list[str]:
    """Return every parameter of an address that a view or a template reads."""
    files = [*SOURCE.rglob("*.py"), *TEMPLATES.rglob("*.html")]
    return sorted({name for file in files for name in READ.findall(file.read_text())} | set(FROM_FORMS))


def test_anything_can_be_a_parameter(watch: Watch, places: Places) -> None:
    wrong, names = [], parameters()
    assert {"status", "kind", "state", "message"} <= set(names)
    for line, rule, kind in routes(watch, "GET"):
        path = places.path(line, rule)
        for value in words.some(MANY, for_=line, of=words.SHORT):
            query = urlencoded([(name, value) for name in names])
            wrong.append(watch.complaint(kind, f"{line} {value!r}", lambda b: b.get(f"{path}?{query}")))  # noqa: B023
        query = "&".join(f"{name}=1&{name}=2&{name}[]=3&{name}[a]=4" for name in names)
        wrong.append(watch.complaint(kind, f"{line} twice", lambda b: b.get(f"{path}?{query}")))  # noqa: B023
    assert not any(wrong), "\n".join(filter(None, wrong))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_anything_can_stand_in_an_address(watch: Watch, method: str) -> None:
    wrong = []
    for line, _, kind in routes(watch, method):
        pattern = line.partition(" ")[2]
        for value in words.some(MANY, for_=line, of=words.SHORT) if "<" in pattern else ():
            path = NAMES.sub(quote_from_bytes(value, safe=""), pattern)
            wrong.append(watch.complaint(kind, f"{method} {path}", lambda b: b.open(path, method=method)))  # noqa: B023
    assert not any(wrong), "\n".join(filter(None, wrong))


def test_any_body_can_be_posted_anywhere(watch: Watch, places: Places) -> None:
    wrong = []
    bodies = cycle(BODIES)
    for line, rule, kind in routes(watch, "POST"):
        path = places.path(line, rule)
        for content_type, body in (next(bodies) for _ in range(MANY)):
            token = urlencoded([("csrf_token", watch.token(kind).encode())]).encode() + b"&"
            sent = token + body if "urlencoded" in content_type else body
            headers = {"X-CSRFToken": watch.token(kind)}
            what = f"{line} {content_type!r} {body[:30]!r}"
            wrong.append(
                watch.complaint(
                    kind,
                    what,
                    lambda b: b.post(path, data=sent, headers=headers, environ_base={"CONTENT_TYPE": content_type}),  # noqa: B023
                )
            )
    assert not any(wrong), "\n".join(filter(None, wrong))


def test_a_form_with_nothing_but_its_token_breaks_nothing(watch: Watch, places: Places) -> None:
    wrong = []
    for line, rule, kind in routes(watch, "POST"):
        path, token = places.path(line, rule), {"csrf_token": watch.token(kind)}
        wrong.append(watch.complaint(kind, line, lambda b: b.post(path, data=token)))  # noqa: B023
    assert not any(wrong), "\n".join(filter(None, wrong))


@pytest.mark.parametrize("path", ["/", "/login", "/claims", "/static/app.css", "/consent-record", "/missing/"])
def test_anything_can_be_in_a_header(watch: Watch, path: str) -> None:
    wrong = []
    values = cycle(value for value in words.SHORT if b"\r" not in value and b"\n" not in value)
    for name in HEADERS:
        for value in (next(values) for _ in range(MANY - 1)):
            key = "HTTP_" + name.upper().replace("-", "_")
            said = {key: value.decode("latin-1")}
            what = f"{path} {name}: {value!r}"
            wrong.append(watch.complaint(Kind.OWN_GLOBAL, what, lambda b: b.get(path, environ_overrides=said)))  # noqa: B023
    assert not any(wrong), "\n".join(filter(None, wrong))


def test_anything_can_be_in_a_cookie_and_is_then_nobodys_session(watch: Watch) -> None:
    wrong = []
    name = watch.everybody.app.config["SESSION_COOKIE_NAME"]
    genuine = watch.everybody.cookies[Kind.ADMINISTRATOR][name]
    cut = [genuine[:-1], genuine[1:], genuine.swapcase(), genuine + "x", f"..{genuine}", "e30.e30.e30", "a" * 3900]
    values = [*cut, *(value.decode("latin-1") for value in words.SHORT)]
    for value in values:
        said = {"HTTP_COOKIE": f"{name}={value}; remember_token=1|{value}"}
        wrong.append(watch.complaint(Kind.STRANGER, repr(value), lambda b: b.get("/admin", environ_overrides=said)))  # noqa: B023
        assert watch.everybody.browser(Kind.STRANGER).get("/admin", environ_overrides=said).status_code == 302
    assert not any(wrong), "\n".join(filter(None, wrong))
