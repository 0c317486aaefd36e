"""The web's usual attacks: each is tried, and nothing comes of it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask, abort, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.middleware.proxy_fix import ProxyFix

import cpor_web
from cpor_web import create_app
from cpor_web.config import Settings
from cpor_web.extensions import db, limiter
from cpor_web.models import Mail
from cpor_web.monitoring import health
from cpor_web.proofs import DocumentStore
from cpor_web.rules.roles import Role
from cpor_web.web import limits
from tests.access.places import lines, plain
from tests.hostile.pages import BOUNDARY, multipart, urlencoded
from tests.support import factories
from tests.support.browser import Browser

SignIn = Callable[..., Browser]

EVIL = "evil.example.org"
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
ELSEWHERE = (
    f"//{EVIL}", f"https://{EVIL}/", f"https:{EVIL}", f"/\\{EVIL}", f"\\\\{EVIL}", f"/\t/{EVIL}", f"\t//{EVIL}",
    f"///{EVIL}", f"http:///{EVIL}", f"https://cpor.vendor.example.com@{EVIL}/", f"https://cpor.vendor.example.com.{EVIL}",
    "javascript:alert(1)", "data:text/html,x", f"/%2f/{EVIL}", f"/claims\r\nLocation: https://{EVIL}", "\x00//x",
)  # fmt: skip

WITHOUT_TOKEN = {
    "POST /d/<token>": "the link is the authority, and no cookie is",
    "POST /o/<token>": "mail programs send it",
    "POST /u/<token>": "the link is the authority, and no cookie is",
    "POST /y/<token>": "the link is the authority, and no cookie is",
    "POST /consent-record": "it reads what it is sent, and keeps nothing",
    "POST /assessments/results": "the signature is the authority",
}
"""What is posted without a token of ours, and why that does no harm."""


@pytest.fixture
def administrator(client: Browser, committed: Session, sign_in: SignIn) -> Browser:
    """A browser in which an administrator has signed in."""
    user = factories.user(committed, Role.ADMINISTRATOR)
    committed.commit()
    return sign_in(client, user)


@pytest.fixture
def production(app: Flask, settings: Settings) -> Iterator[Flask]:
    """An application for production, with one more name."""
    made = create_app(replace(settings, environment="production", trusted_hosts=("intern.example.com",)))
    yield made
    with made.app_context():
        db.engine.dispose()
    limiter.init_app(app)  # the extension is one for all apps: back to the other


def test_no_address_to_go_on_to_leads_elsewhere(client: Browser, committed: Session) -> None:
    user = factories.user(committed)
    committed.commit()
    for address in ELSEWHERE:
        browser = client.application.test_client()
        said = {"email": user.email, "password": factories.PASSWORD, "next": address}
        browser.get("/login", query_string={"next": address})
        answer = browser.submit("/login", said, page="/login", query_string={"next": address})
        assert answer.status_code in {200, 302}, address
        where = urlsplit(urljoin("https://cpor.vendor.example.com/", (answer.location or "").replace("\\", "/")))
        assert (where.scheme, where.netloc) == ("https", "cpor.vendor.example.com"), answer.location


@pytest.mark.parametrize("path", ["//evil.example.org/", "/\\evil.example.org/", "//evil.example.org/login/"])
def test_an_address_with_slashes_leads_nowhere_else(client: Browser, path: str) -> None:
    answer = client.get("/", environ_overrides={"PATH_INFO": path})
    assert EVIL not in (answer.location or "")


def test_what_is_posted_from_elsewhere_without_a_token_is_refused(app: Flask, administrator: Browser) -> None:
    taken = []
    for line, rule in lines(app):
        if line.startswith("POST"):
            path = re.sub("<[^>]*>", "1", plain(rule))
            headers = {"Origin": f"https://{EVIL}", "Referer": f"https://{EVIL}/"}
            if administrator.post(path, headers=headers).status_code != 400:
                taken.append(line)
    assert set(taken) | set(WITHOUT_TOKEN) == set(WITHOUT_TOKEN)


def test_anothers_token_is_none(administrator: Browser) -> None:
    token = administrator.application.test_client().csrf_token("/login")
    assert administrator.post("/account", data={"csrf_token": token, "language": "de"}).status_code == 400


def test_a_form_of_another_site_is_refused_with_a_genuine_token_too(administrator: Browser) -> None:
    said = {"csrf_token": administrator.csrf_token("/account"), "language": "de"}
    assert administrator.post("/account", data=said, headers={"Referer": f"https://{EVIL}/"}).status_code == 400
    assert administrator.post("/account", data=said).status_code == 302


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_no_header_and_no_field_turns_one_method_into_another(administrator: Browser, header: str) -> None:
    answer = administrator.get("/logout?_method=POST", headers={header: "POST"})
    assert answer.status_code == 405
    assert administrator.get("/admin").status_code == 200


def test_signed_in_pages_are_kept_by_nobody_and_differ_by_cookie(administrator: Browser) -> None:
    for path in ("/admin", "/account", "/review", "/admin/corrections.csv", "/missing"):
        headers = administrator.get(path).headers
        assert headers["Cache-Control"] == "no-store", path
    assert "Cookie" in administrator.get("/admin").headers["Vary"]


@pytest.mark.parametrize(
    "path", ["/login", "/healthz", "/keys", "/consent-record", "/d/cut-token", "/static/app.css"]
)
def test_no_other_site_may_read_an_answer(client: Browser, path: str) -> None:
    headers = {"Origin": f"https://{EVIL}", "Access-Control-Request-Method": "POST"}
    for answer in (client.get(path, headers=headers), client.options(path, headers=headers)):
        assert not [name for name in answer.headers.keys() if name.lower().startswith("access-control")]  # noqa: SIM118
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_the_sessions_cookie_is_for_this_host_over_https_and_for_no_script(administrator: Browser) -> None:
    (cookie,) = [cookie for cookie in administrator._cookies.values() if cookie.key.endswith("cpor")]
    assert cookie.key == "__Host-cpor"
    assert cookie.secure
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert cookie.path == "/"
    assert cookie.origin_only


def test_over_http_for_trying_out_the_cookie_has_a_name_of_its_port(app: Flask, settings: Settings) -> None:
    local = create_app(replace(settings, public_url="http://127.0.0.1:8123", port=8123))
    limiter.init_app(app)
    assert local.config["SESSION_COOKIE_NAME"] == "cpor-8123"
    assert not local.config["SESSION_COOKIE_SECURE"]


def test_https_is_remembered_also_behind_a_proxy_that_does_not_tell_of_it(client: Browser) -> None:
    answer = client.get("/login", base_url="http://cpor.vendor.example.com")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("cpor.vendor.example.com", 200),
        ("cpor.vendor.example.com:443", 200),
        ("intern.example.com", 200),
        ("127.0.0.1:8000", 200),
        (EVIL, 400),
        (f"cpor.vendor.example.com.{EVIL}", 400),
        ("cpor.vendor.example.com@evil", 400),
        ("", 400),
        ("a b", 400),
    ],
)
def test_only_our_own_names_are_answered_in_production(production: Flask, host: str, status: int) -> None:
    with production.test_client() as browser:
        answer = browser.get("/login", environ_overrides={"HTTP_HOST": host}, base_url="https://x")
    assert answer.status_code == status
    assert host not in answer.text or status == 200 or not host


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_machines_may_ask_from_within_by_any_name_which_no_answer_repeats(production: Flask, path: str) -> None:
    """Whatever balances several webs asks each by its own address, which stands in no setting."""
    with production.test_client() as browser:
        answer = browser.get(path, base_url=f"http://{EVIL}:8000")
    assert answer.status_code == (404 if path == "/metrics" else 200)  # without a token there is no such page
    assert EVIL not in f"{answer.headers} {answer.text}"


def test_only_what_machines_ask_is_answered_by_any_name(production: Flask) -> None:
    paths = {
        rule.rule for rule in production.url_map.iter_rules() if rule.endpoint.startswith(("health.", "metrics."))
    }
    assert paths == health.FOR_MACHINES


def test_a_forged_host_is_in_no_mail(client: Browser, committed: Session) -> None:
    user = factories.user(committed)
    committed.commit()
    headers = {"X-Forwarded-Host": EVIL, "Forwarded": f"host={EVIL}"}
    client.submit("/reset", {"email": user.email}, page="/reset", headers=headers)
    said = {"email": user.email, "csrf_token": client.csrf_token("/reset")}
    client.post("/reset", data=said, environ_overrides={"HTTP_HOST": EVIL}, headers={"Referer": f"https://{EVIL}/"})
    mails = committed.scalars(select(Mail).where(Mail.kind == "password-reset")).all()
    assert mails
    assert not [mail for mail in mails if EVIL in f"{mail.context} {mail.to_address}"]


@pytest.mark.parametrize(("proxies", "seen"), [(0, "203.0.113.7"), (1, "198.51.100.3"), (2, "198.51.100.2")])
def test_who_asks_is_believed_only_of_as_many_proxies_as_there_are(
    app: Flask, settings: Settings, proxies: int, seen: str
) -> None:
    behind = create_app(replace(settings, trusted_proxies=proxies))
    limiter.init_app(app)
    assert isinstance(behind.wsgi_app, ProxyFix) == bool(proxies)
    behind.view_functions["published.keys"] = lambda: [request.remote_addr, request.scheme, request.host]
    headers = {
        "X-Forwarded-For": "198.51.100.1, 198.51.100.2, 198.51.100.3",
        "X-Forwarded-Proto": "https,https",
        "X-Forwarded-Host": f"{EVIL}, {EVIL}",
    }
    environ = {"REMOTE_ADDR": "203.0.113.7"}
    with behind.test_client() as browser:
        said = browser.get("/keys", base_url="http://own", headers=headers, environ_base=environ).json
    assert said == ([seen, "https", EVIL] if proxies else [seen, "http", "own"])


def test_forms_are_bounded_in_parts_fields_and_size(app: Flask, client: Browser) -> None:
    token = ("csrf_token", client.csrf_token().encode())
    many, long = [(f"part{number}", b"") for number in range(1001)], [("email", b"x" * (2**20 + 1))]
    for fields in (many, long):
        body = multipart([token, *fields])
        assert client.post("/login", data=body, content_type=MULTIPART).status_code == 413
    assert client.post("/login", data=urlencoded([token, *long]), content_type=URLENCODED).status_code == 413
    many_fields = [("a", b"")] * 400_000
    assert client.post("/login", data=urlencoded(many_fields), content_type=URLENCODED).status_code == 413
    over = app.config["MAX_CONTENT_LENGTH"] + 1
    answer = client.post("/login", environ_overrides={"CONTENT_LENGTH": str(over)}, data=b"")
    assert answer.status_code == 413


@pytest.mark.parametrize(("more", "status"), [(0, 400), (1, 413)])
def test_a_stranger_has_few_files_open_at_once_and_leaves_none(
    app: Flask, client: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, more: int, status: int
) -> None:
    store = DocumentStore(str(tmp_path))
    monkeypatch.setattr(limits, "LARGE", 500)
    monkeypatch.setitem(app.extensions, "documents", store)
    opened, incoming = [], store.incoming
    monkeypatch.setattr(store, "incoming", lambda: opened.append(incoming()) or opened[-1])
    names = [f"part{number}" for number in range(limits.MOST_FILES + more)]
    body = multipart([(name, b"x" * 500) for name in names], names)
    assert client.post("/login", data=body, content_type=MULTIPART).status_code == status
    assert [each.closed for each in opened] == [True] * limits.MOST_FILES
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("body", ["[1, 2]", '"x"', "null", "[" * 50_000, "{}"])
def test_no_form_is_taken_from_json(administrator: Browser, body: str) -> None:
    headers = {"X-CSRFToken": administrator.csrf_token("/account")}
    answer = administrator.post("/account", data=body, content_type="application/json", headers=headers)
    assert answer.status_code == 415


@pytest.mark.parametrize("code", [400, 404, 405, 413, 429, 500])
def test_what_went_wrong_is_told_to_the_log_alone(
    app: Flask, client: Browser, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def broken() -> str:
        if code == 500:
            raise RuntimeError("postgresql://secret@db/name SELECT 1")
        abort(code, description="postgresql://secret@db/name SELECT 1")

    monkeypatch.setitem(app.view_functions, "security.forgot_password", broken)
    client.expects_failure = True
    answer = client.get("/reset")
    assert answer.status_code == code
    everything = f"{answer.text} {answer.headers}"
    assert not re.search(r"secret|SELECT|Traceback|RuntimeError|\.py\b|[Ww]erkzeug|Python|waitress", everything)


def test_what_is_typed_is_never_worked_out_by_a_template(
    administrator: Browser, committed: Session, app: Flask
) -> None:
    name = "{{ 1234 * 5678 }}{% raw %} ${1234*5678} {0.__class__}"
    answer = administrator.submit(
        "/admin/partners", {"name": name, "domains": "x.example.org"}, page="/admin/partners"
    )
    assert answer.status_code in {302, 303}, answer.text
    page = administrator.page("/admin/partners")
    assert name in page.get_text()
    assert "7006652" not in page.get_text()


def test_only_one_place_writes_tables_for_spreadsheets() -> None:
    source = Path(cpor_web.__file__).parent.rglob("*.py")
    files = {file.name for file in source if "csv.writer" in file.read_text()}
    assert files == {"downloads.py"}
