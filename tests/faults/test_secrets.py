"""No secret of ours or of anybody's gets out: into a log, into Redis, onto an error page, into what is printed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import pytest
from redis import Redis

from cpor_web.rules.roles import Role
from tests.support import factories
from tests.support.authenticator_app import App, codes_in
from tests.support.cast import Cast, plain
from tests.support.installation import ROOT, Installation
from tests.support.installation_fixtures import start
from tests.support.person import Person
from tests.support.servers import Servers, free_port

CREDENTIALS = {
    "oidc_client_secret": "oidc-canary-4QJm8vXw",
    "imap_password": "imap-canary-9sTkR2pd",
    "assessment_secrets": "YXNzZXNzbWVudC1jYW5hcnktMDEyMzQ1Njc4OQ==",
}
STORE = {"AWS_ACCESS_KEY_ID": "s3-canary-id-77Kd", "AWS_SECRET_ACCESS_KEY": "s3-canary-secret-b2Lw"}


@pytest.fixture
def away(
    running: Servers,
    worker_number: int,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Installation]:
    """An installation that was told secrets of everything, where everything is away: there is much to complain of."""
    for name, value in STORE.items():
        monkeypatch.setenv(name, value)
    port = str(free_port())
    told = {
        "oidc_issuer": f"http://127.0.0.1:{port}",
        "oidc_client_id": "cpor",
        "oidc_domains": "vendor.example.com",
        "imap_server": "127.0.0.1",
        "imap_port": port,
        "imap_security": "none",
        "imap_username": "returns",
        "clamd": f"127.0.0.1:{port}",
        **CREDENTIALS,
    }
    with start("secrets", running, worker_number, tmp_path_factory, **told) as started:
        yield started


def _second_factor(person: Person) -> tuple[App, list[str], list[str]]:
    """Set one up as people do; return the app, its letters, and the recovery codes."""
    page = person.open("/account/second-factor/new").page
    letters = page.find("code", class_="letters").get_text()  # type: ignore[union-attr]
    app = App(letters)
    person.press("Set up", {"Code": app.code()})
    return app, [letters, letters.replace(" ", "")], codes_in(person.html)


def _printed(installation: Installation, *command: str) -> str:
    env = os.environ | installation.env
    done = subprocess.run(
        [sys.executable, "-m", "cpor_web", *command], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def _in_redis(installation: Installation) -> str:
    with Redis.from_url(installation.redis.url) as redis:
        return "\n".join(f"{key!r} {redis.dump(key)!r}" for key in redis.scan_iter())


def test_no_secret_of_anybody_gets_out_while_everything_is_away(away: Installation) -> None:
    cast = Cast.gather(away).file().approve()
    with away.session() as session:
        address = factories.user(session, Role.REVIEWER).email
    rune = away.signed_in(address, factories.PASSWORD)
    app, letters, codes = _second_factor(rune)
    again = away.person().open("/login").press("Sign in", {"Email": address, "Password": factories.PASSWORD})
    again.press("Sign in", {"Code": app.wrong_code()})
    again.follow("Use a recovery code instead").press("Sign in", {"Recovery code": codes[0]})
    assert "/login" not in again.address, "the recovery code was refused"
    away.person().open("/login").press("Sign in", {"Email": address, "Password": "wrong-canary-Zq7"})
    away.person().open("/login").follow("Forgot password?").press("Send the link", {"Email": cast.ines_address})
    reset = plain(away.mail_to(cast.ines_address, "password"))
    link = next(word for word in reset.split() if word.startswith(away.url) and len(word) > 60)
    away.person().open(link)
    away.person().open("/login").follow("Sign in with Example Vendor")
    away.all_mail_is_out()
    away.sweep()

    token = link.rpartition("/")[2]
    cookies = [str(cookie.value) for person in (rune, again) for cookie in person.cookies if cookie.value]
    keys = [away.env[f"CPOR_{name}_KEYS"] for name in ("SECRET", "CONSENT", "SIGNING")]
    typed = [factories.PASSWORD, "wrong-canary-Zq7"]
    database = urlsplit(away.env["CPOR_DATABASE_URL"]).password
    secrets = [*CREDENTIALS.values(), *STORE.values(), *keys, *typed, *letters, *codes, *cookies, token]
    secrets += [unquote(database)] if database else []
    assert len(cookies) >= 2
    assert len(set(secrets)) > 15

    places = {f"the log of {name}": log for name, log in away.logs().items()}
    assert "is paused" in "".join(places.values()), "nothing has complained"
    places["Redis"] = _in_redis(away)
    places["cpor settings"] = _printed(away, "settings")
    places["cpor doctor"] = _printed(away, "doctor")
    places["cpor mail doctor"] = _printed(away, "mail", "doctor", "--resolver", "127.0.0.1")
    places["cpor keys list"] = _printed(away, "keys", "list")
    places["cpor retention show"] = _printed(away, "retention", "show")
    for path in ("/nowhere", "/d/nobodys", "/readyz", "/healthz", "/keys"):
        places[path] = away.person().open(path).html
    for place, text in places.items():
        found = [secret for secret in set(secrets) if secret in text]
        assert found == [], f"{place} has {len(found)} secrets in it"
