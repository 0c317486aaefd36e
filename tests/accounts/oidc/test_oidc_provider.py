"""Answers of the provider that are not believed."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import time_machine
from flask import Flask
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy.orm import Session

from tests.accounts.oidc.visiting import (
    BACK,
    BEGIN,
    accounts,
    is_refused,
    signs_in,
    there_and_back,
)
from tests.support import oidc_server
from tests.support.browser import Browser
from tests.support.oidc_server import CLIENT, SECRET, Claims, OidcServer

AUTHENTICATION_FAILED = "Adatum ID did not sign you in"


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unsigned(header: Claims, claims: Claims) -> str:
    return ".".join(_base64(json.dumps(part).encode()) for part in (header, claims))


def _none(claims: Claims) -> str:
    return _unsigned({"alg": "none"}, claims) + "."


def _by_hmac(claims: Claims) -> str:
    """Take the public key for a secret that both sides share: joserfc refuses to make such a token."""
    signed = _unsigned({"alg": "HS256", "kid": "ours"}, claims)
    public = oidc_server.key("ours").as_pem(private=False)
    return f"{signed}.{_base64(hmac.digest(public, signed.encode(), 'sha256'))}"


def _signed(kid: str, alg: str, key: Callable[[], Any]) -> Callable[[Claims], str]:
    return lambda claims: jwt.encode({"alg": alg, "kid": kid}, claims, key(), algorithms=[alg])


def _another_key() -> RSAKey:
    return oidc_server.key("another")


def _the_secret() -> OctKey:
    return OctKey.import_key(SECRET)


FORGERIES: dict[str, Callable[[Claims], str]] = {
    "unsigned": _none,
    "another key": _signed("another", "RS256", _another_key),
    "another key under our key's name": _signed("ours", "RS256", _another_key),
    "the secret": _signed("ours", "HS256", _the_secret),
    "the public key as a secret": _by_hmac,
    "nonsense": lambda _claims: "not.a.token",
    "nothing": lambda _claims: "",
    "no claims": lambda _claims: jwt.encode({"alg": "RS256", "kid": "ours"}, {}, oidc_server.key("ours")),
}


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("name", FORGERIES)
def test_a_token_that_the_provider_did_not_sign_is_not_believed(
    visitor: Browser, provider: OidcServer, committed: Session, name: str
) -> None:
    provider.sign = FORGERIES[name]
    is_refused(visitor, AUTHENTICATION_FAILED, status=400)
    assert accounts(committed) == {}


LIES: dict[str, Callable[[Claims], Claims]] = {
    "another nonce": lambda claims: claims | {"nonce": "another"},
    "no nonce": lambda claims: {name: said for name, said in claims.items() if name != "nonce"},
    "for somebody else": lambda claims: claims | {"aud": ["another"]},
    "for others too, by another": lambda claims: claims | {"aud": [CLIENT, "another"], "azp": "another"},
    "for nobody": lambda claims: {name: said for name, said in claims.items() if name != "aud"},
    "another issuer": lambda claims: claims | {"iss": "https://id.example.net"},
    "the issuer with a slash": lambda claims: claims | {"iss": claims["iss"] + "/"},
    "expired": lambda claims: claims | {"exp": int(time.time()) - 120},
    "never expires": lambda claims: {name: said for name, said in claims.items() if name != "exp"},
    "expires at no number": lambda claims: claims | {"exp": "tomorrow"},
    "issued tomorrow": lambda claims: claims | {"iat": int(time.time()) + 86400},
    "no subject": lambda claims: {name: said for name, said in claims.items() if name != "sub"},
    "an empty subject": lambda claims: claims | {"sub": ""},
    "a subject that is no text": lambda claims: claims | {"sub": 7},
    "another access token": lambda claims: claims | {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("name", LIES)
def test_a_token_that_does_not_answer_our_question_is_not_believed(
    visitor: Browser, provider: OidcServer, committed: Session, name: str
) -> None:
    provider.lie = LIES[name]
    is_refused(visitor, AUTHENTICATION_FAILED, status=400)
    assert accounts(committed) == {}


def test_what_the_userinfo_endpoint_tells_of_somebody_else_is_not_believed(
    visitor: Browser, provider: OidcServer
) -> None:
    provider.told_when_asked = {"sub": "somebody-else", "email": provider.person.pop("email")}
    is_refused(visitor, AUTHENTICATION_FAILED, status=400)


def test_an_answer_counts_once(visitor: Browser, committed: Session) -> None:
    back = there_and_back(visitor)
    assert visitor.get(back).status_code == 302
    assert visitor.get(back).status_code == 400


def test_a_code_that_was_used_signs_nobody_in(visitor: Browser, house: Flask, provider: OidcServer) -> None:
    used = parse_qs(urlsplit(there_and_back(visitor)).query)["code"][0]
    begun = parse_qs(urlsplit(visitor.get(BEGIN).location).query)["state"][0]
    del provider.codes[used]
    assert visitor.get(BACK, query_string={"code": used, "state": begun}).status_code == 400
    assert visitor.get("/").location == "/login"


def test_the_code_of_another_browser_signs_nobody_in(visitor: Browser, house: Flask, provider: OidcServer) -> None:
    theirs = parse_qs(urlsplit(there_and_back(house.test_client())).query)["code"][0]
    ours = parse_qs(urlsplit(visitor.get(BEGIN).location).query)["state"][0]
    assert visitor.get(BACK, query_string={"code": theirs, "state": ours}).status_code == 400
    assert theirs in provider.codes, "PKCE let the provider give out tokens"


def test_an_answer_counts_only_in_the_browser_that_asked(
    visitor: Browser, house: Flask, provider: OidcServer
) -> None:
    back = there_and_back(visitor)
    victim = house.test_client()
    assert victim.get(back).status_code == 400
    assert victim.get("/").location == "/login"
    assert "/token" not in provider.asked


@pytest.mark.parametrize(
    "change", [{"state": "another"}, {"state": ""}, {"iss": "https://id.example.net"}, {"code": None}]
)
def test_an_answer_to_another_question_is_not_even_asked_about(
    visitor: Browser, provider: OidcServer, change: dict[str, str | None]
) -> None:
    said = {name: values[0] for name, values in parse_qs(urlsplit(there_and_back(visitor)).query).items()}
    query = {name: value for name, value in (said | change).items() if value is not None}
    page = visitor.page(f"{BACK}?{urlencode(query)}", status=400)
    assert AUTHENTICATION_FAILED in page.get_text()
    assert "/token" not in provider.asked


def test_an_answer_that_comes_too_late_is_not_believed(visitor: Browser, provider: OidcServer) -> None:
    back = there_and_back(visitor)
    with time_machine.travel(time.time() + 601, tick=False):
        assert visitor.get(back).status_code == 400
    assert "/token" not in provider.asked


def test_who_does_not_sign_in_there_is_not_signed_in_here(visitor: Browser, provider: OidcServer) -> None:
    del provider.person["sub"]
    is_refused(visitor, AUTHENTICATION_FAILED, status=400)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example.net/",
        "//evil.example.net",
        "/\\evil.example.net",
        "javascript:alert(1)",
        "/a b",
        "evil",
        "/\n/x",
    ],
)
def test_nobody_is_led_elsewhere_afterwards(visitor: Browser, elsewhere: str) -> None:
    assert signs_in(visitor, f"{BEGIN}?{urlencode({'next': elsewhere})}") == "/"
