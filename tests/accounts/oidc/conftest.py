"""An operator whose people sign in at Adatum ID, a real provider on the loopback."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from cpor_web import create_app
from cpor_web.accounts.oidc_provider import Provider
from cpor_web.config import Settings
from cpor_web.extensions import db
from cpor_web.rules.roles import Role
from tests.accounts.oidc.visiting import BACK, RUNE
from tests.support import oidc_server
from tests.support.browser import Browser
from tests.support.oidc_server import CLIENT, SECRET, OidcServer


@pytest.fixture(scope="package")
def running_provider() -> Iterator[OidcServer]:
    with oidc_server.running() as state:
        yield state


@pytest.fixture(scope="package")
def house(settings: Settings, app: Flask, running_provider: OidcServer) -> Iterator[Flask]:
    """The application of an operator whose people sign in at Adatum ID. `app` has migrated its database."""
    made = create_app(
        replace(
            settings,
            oidc_issuer=running_provider.issuer,
            oidc_client_id=CLIENT,
            oidc_client_secret=SECRET,
            oidc_name="Adatum ID",
            oidc_domains=("vendor.example.com", "fabrikam.example.org"),
            oidc_roles=(("cpor-reviewers", Role.REVIEWER), ("cpor-admins", Role.ADMINISTRATOR)),
        )
    )
    running_provider.back = f"{settings.public_url}{BACK}"
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def provider(house: Flask, running_provider: OidcServer) -> OidcServer:
    """An honest provider, where Rune is signed in, and of which nothing is known yet."""
    fresh = OidcServer(issuer=running_provider.issuer, back=running_provider.back, person=dict(RUNE))
    vars(running_provider).update(vars(fresh))
    house.extensions["oidc"] = Provider.from_settings(house.extensions["settings"])
    return running_provider


@pytest.fixture
def visitor(house: Flask, provider: OidcServer, committed: Session) -> Browser:
    browser = house.test_client()
    assert isinstance(browser, Browser)
    return browser
