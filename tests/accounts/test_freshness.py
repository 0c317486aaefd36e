"""Before one changes how one signs in, a sign-in that is some time ago is confirmed."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.models import User
from cpor_web.rules.roles import Role
from tests.accounts.test_passkeys import HOST, ORIGIN, add, asked_on
from tests.support import factories
from tests.support.authenticator_app import NEW
from tests.support.browser import Browser
from tests.support.soft_passkey import SoftPasskey

SignIn = Callable[..., Browser]
CONFIRM = "/account/confirm"
PAGES = {"/account/second-factor": "/account/second-factor", NEW: NEW, "/account/passkeys": "/account/passkeys"}
POSTS = {
    NEW: NEW,
    "/account/second-factor/recovery-codes": "/account/second-factor",
    "/account/second-factor/remove": "/account/second-factor",
    "/account/passkeys": "/account/passkeys",
    "/account/passkeys/7/remove": "/account/passkeys",
}


@pytest.fixture
def user(committed: Session) -> User:
    made = factories.user(committed, Role.ADMINISTRATOR)
    committed.commit()
    return made


@pytest.fixture
def browser(client: Browser, sign_in: SignIn, user: User) -> Browser:
    return sign_in(client, user)


@pytest.fixture
def later() -> Iterator[None]:
    """A quarter of an hour later."""
    with time_machine.travel(clock.utcnow() + timedelta(minutes=15)):
        yield


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_first_and_opens_afterwards(browser: Browser, path: str) -> None:
    with time_machine.travel(clock.utcnow() + timedelta(minutes=9)):
        assert "/account/confirm" not in (browser.get(path).location or "")
    with time_machine.travel(clock.utcnow() + timedelta(minutes=15)):
        asked = browser.get(path).location
        assert asked == f"{CONFIRM}?next={PAGES[path]}"
        answer = browser.submit(CONFIRM, {"password": factories.PASSWORD, "next": PAGES[path]}, page=asked)
        assert answer.location == PAGES[path]
        assert "/account/confirm" not in (browser.get(path).location or "")


@pytest.mark.parametrize("path", POSTS)
def test_what_is_posted_is_not_done_before(browser: Browser, path: str) -> None:
    with time_machine.travel(clock.utcnow() + timedelta(minutes=15)):
        answer = browser.submit(path, {"code": "123456"}, page="/account")
        assert answer.location == f"{CONFIRM}?next={POSTS[path]}"


def test_an_administrator_confirms_before_resetting_anothers(
    browser: Browser, committed: Session, later: None
) -> None:
    other = factories.user(committed, Role.REVIEWER)
    committed.commit()
    page = f"/people/{other.id}"
    answer = browser.submit(f"{page}/reset-second-factor", page=page)
    assert answer.location == f"{CONFIRM}?next=/admin/users"


def test_a_wrong_password_confirms_nothing(browser: Browser, later: None) -> None:
    for password in ("wrong", ""):
        answer = browser.submit(CONFIRM, {"password": password, "next": NEW}, page=CONFIRM)
        assert answer.status_code == 422
    assert "This password is not right." in browser.submit(CONFIRM, {"password": "x"}, page=CONFIRM).text
    assert browser.get(NEW).location.startswith(CONFIRM)


def test_guessing_it_is_limited(browser: Browser) -> None:
    guesses = [browser.submit(CONFIRM, {"password": "x"}, page=CONFIRM).status_code for _ in range(11)]
    assert guesses == [422] * 10 + [429]


def test_nobody_is_led_elsewhere_by_it(browser: Browser) -> None:
    for elsewhere in ("https://evil.example.net/", "//evil.example.net", "javascript:x"):
        form = {"password": factories.PASSWORD, "next": elsewhere}
        assert browser.submit(CONFIRM, form, page=CONFIRM).location == "/account"


def test_a_passkey_confirms_as_well(browser: Browser) -> None:
    device = SoftPasskey(ORIGIN, HOST)
    add(browser, device)
    with time_machine.travel(clock.utcnow() + timedelta(minutes=15)):
        answer = device.proved(asked_on(browser, CONFIRM))
        sent = {"answer": answer, "next": NEW}
        assert browser.submit(f"{CONFIRM}/passkey", sent, page="/account").location == NEW
        assert browser.get(NEW).status_code == 200


def test_anothers_passkey_confirms_nothing(app: Flask, browser: Browser, committed: Session, sign_in: SignIn) -> None:
    other = factories.user(committed, Role.REVIEWER)
    committed.commit()
    mine, theirs = SoftPasskey(ORIGIN, HOST), SoftPasskey(ORIGIN, HOST)
    add(browser, mine)
    add(sign_in(app.test_client(), other), theirs)
    with time_machine.travel(clock.utcnow() + timedelta(minutes=15)):
        sent = {"answer": theirs.proved(asked_on(browser, CONFIRM))}
        assert browser.submit(f"{CONFIRM}/passkey", sent, page="/account").status_code == 422
        assert browser.get(NEW).location.startswith(CONFIRM)
