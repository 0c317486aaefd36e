"""When the provider does not work."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from cpor_web.accounts import oidc_provider
from cpor_web.accounts.oidc_provider import Provider
from cpor_web.rules.roles import Role
from tests.accounts.oidc.visiting import BEGIN, is_refused, there_and_back
from tests.support import factories
from tests.support.browser import Browser
from tests.support.oidc_server import Claims, OidcServer

SignIn = Callable[..., Browser]


def test_while_the_provider_is_broken_one_signs_in_with_the_password(
    visitor: Browser, provider: OidcServer, committed: Session, sign_in: SignIn
) -> None:
    rune = factories.user(committed, Role.REVIEWER, email="rune@vendor.example.com")
    committed.commit()
    provider.is_broken = True
    page = visitor.page(BEGIN, status=503)
    assert "Adatum ID cannot be reached for the moment." in page.get_text()
    sign_in(visitor, rune)
    assert visitor.get("/").location == "/review"


@pytest.mark.parametrize("path", ["/token", "/keys"])
def test_a_provider_that_breaks_meanwhile_is_told_of(visitor: Browser, provider: OidcServer, path: str) -> None:
    back = there_and_back(visitor)
    provider.is_broken = True
    assert "cannot be reached" in visitor.page(back, status=503).get_text()


def test_a_provider_that_hangs_is_given_up_after_seconds(
    visitor: Browser, house: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    monkeypatch.setattr(oidc_provider, "TIMEOUT_SECONDS", (0.2, 0.2))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = house.extensions["settings"]
        hung = replace(settings, oidc_issuer=f"http://127.0.0.1:{silent.getsockname()[1]}")
        house.extensions["oidc"] = Provider.from_settings(hung)
        assert visitor.get(BEGIN).status_code == 503


@pytest.mark.parametrize(
    "described",
    [
        {"issuer": "https://id.example.net"},
        {"issuer": "", "authorization_endpoint": "https://id.example.net"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": 7},
        {"authorization_endpoint": None},
    ],
)
def test_a_provider_that_describes_itself_wrongly_is_not_used(
    visitor: Browser, provider: OidcServer, described: Claims
) -> None:
    provider.metadata = {"issuer": provider.issuer} | described
    assert visitor.get(BEGIN).status_code == 503


def test_a_secret_that_the_provider_does_not_know_is_no_fault_of_the_persons(
    visitor: Browser, house: Flask, provider: OidcServer
) -> None:
    settings = house.extensions["settings"]
    house.extensions["oidc"] = Provider.from_settings(replace(settings, oidc_client_secret="wrong"))
    is_refused(visitor, "cannot be reached", status=503)
