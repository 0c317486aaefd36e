"""What is refused, missing or no address of ours is told in its reader's words; a slash too many leads on."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from cpor_web.rules.exc import Invalid
from cpor_web.rules.roles import Role
from cpor_web.web.errors import sentence
from cpor_web.web.languages import speak
from cpor_web.web.validators import too_long
from tests.support import factories
from tests.support.browser import Browser


@pytest.fixture
def browser(client: Browser, committed: Session, sign_in: Callable[..., Browser]) -> Browser:
    user = factories.user(committed, Role.ADMINISTRATOR)
    committed.commit()
    return sign_in(client, user)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/admin/", "/admin"),
        ("/review/", "/review"),
        ("/review/?status=approved&area=%26", "/review?status=approved&area=%26"),
        ("/review/ABCD-EFGH/history/", "/review/ABCD-EFGH/history"),
    ],
)
def test_a_slash_too_many_is_left_out(browser: Browser, typed: str, meant: str) -> None:
    answer = browser.get(typed)
    assert (answer.status_code, answer.location) == (302, meant)


@pytest.mark.parametrize(
    "path", ["/nowhere/", "/%2Fevil.example.com/", "/%2Fadmin/", "/admin/nowhere/", "/%0d%0aX:1/", "/login/x/"]
)
def test_what_is_no_address_of_ours_is_not_found(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code in {308, 404} or answer.location == "/admin"  # two slashes are one
    assert urlsplit(answer.location or "").netloc in {"", "cpor.vendor.example.com"}


def test_what_was_sent_is_not_sent_elsewhere(browser: Browser) -> None:
    answer = browser.submit("/admin/", page="/admin/partners")
    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/d", "/d/", "/d/cut-off", "/o/", "/u/", "/y/"])
def test_a_customers_link_that_was_cut_off_leads_to_no_sign_in(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "This link does not work" in answer.text
    assert "Sign in" not in answer.text


@pytest.mark.parametrize("path", ["/d", "/d/", "/D/cut-off", "/d/cut-off", "/d/cut/off", "/o/", "/u", "/y/"])
def test_the_page_of_a_broken_link_is_its_readers_whoever_is_signed_in_on_that_machine(
    browser: Browser, path: str
) -> None:
    answer = browser.get(path, headers={"Accept-Language": "sv"})
    assert answer.status_code == 404
    assert '<html lang="sv">' in answer.text
    assert "site-nav" not in answer.text
    assert 'class="account"' not in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Enter at most 10,000 characters."), ("de", "Geben Sie höchstens 10.000 Zeichen ein.")],
)
def test_a_refusal_writes_its_numbers_as_its_reader_does(app: Flask, language: str, words: str) -> None:
    refused = Invalid("Enter at most %(most)s characters.", {"most": 10_000})
    with app.test_request_context():
        speak(language)
        assert sentence(refused) == str(too_long(10_000)) == words
    assert str(refused) == "Enter at most 10000 characters.", "to programs, as they write it"
