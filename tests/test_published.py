"""Whoever wants to verify what we signed finds the public keys, without signing in."""

from flask import Flask

from cpor_web.keys import signing
from tests.support.browser import Browser


def test_the_public_keys_are_there_for_everybody(app: Flask, client: Browser) -> None:
    answer = client.get("/keys")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    found = answer.get_json()
    assert found["algorithm"] == "Ed25519"
    assert signing.read_published(found["keys"]) == app.extensions["signing_keys"].public


def test_no_private_key_is_among_them(app: Flask, client: Browser) -> None:
    for seed in app.extensions["settings"].signing_keys:
        assert seed not in client.get("/keys").text
