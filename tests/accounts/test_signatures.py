"""Sessions and links to choose a password are signed with SHA-256."""

import hashlib
from typing import Any

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy.orm import Session

from cpor_web.accounts.mails import reset_link
from tests.support import factories
from tests.support.browser import Browser
from tests.support.other_apps import AppWith

DOMAIN = "cpor.vendor.example.com"
KEY, OLDER = "k" * 32, "o" * 32
SHA256 = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


def of_flask(app: Flask) -> URLSafeTimedSerializer:
    """Return what signs sessions where Flask is left to itself."""
    found = SecureCookieSessionInterface().get_signing_serializer(app)
    assert found is not None
    return found


def links(app: Flask, keys: list[str], **how: Any) -> URLSafeTimedSerializer:
    """Return what reads links to choose a password; without `how`, as itsdangerous signs."""
    return URLSafeTimedSerializer(keys, salt=app.config["SECURITY_RESET_SALT"], **how)


def test_a_session_is_signed_with_sha_256(app: Flask, client: Browser) -> None:
    client.get("/login")
    cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"], domain=DOMAIN)
    assert cookie is not None
    with pytest.raises(BadSignature):
        of_flask(app).loads(cookie.value)
    assert len(cookie.value.rpartition(".")[2]) == 43, "a signature of 256 bits"


def test_a_link_is_signed_with_sha_256_by_the_newest_key(app_with: AppWith, committed: Session) -> None:
    user = factories.user(committed)
    committed.commit()
    made = app_with(secret_keys=(KEY, OLDER))
    with made.app_context():
        token = reset_link(user).rpartition("/")[2]
    assert links(made, [KEY], signer_kwargs=SHA256).loads(token)
    with pytest.raises(BadSignature):
        links(made, [KEY, OLDER]).loads(token)
