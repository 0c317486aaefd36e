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
from tests.support import factories
from tests.support.authenticator_app import NEW
from tests.support.browser import Browser
from tests.support.soft_passkey import SoftPasskey
from tests.users.test_passkeys import HOST, ORIGIN, add, asked_on

SignIn = Callable[..., Browser]
CONFIRM = "/account/confirm"
CHOSEN = "eleven geese and one"
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


def test_who_holds_a_copy_of_a_session_does_not_guess_on_from_elsewhere(browser: Browser) -> None:
    guesses = [
        browser.submit(
            CONFIRM, {"password": "x"}, page=CONFIRM, environ_base={"REMOTE_ADDR": f"192.0.2.{number}"}
        ).status_code
        for number in range(11)
    ]
    assert guesses == [422] * 10 + [429]


@pytest.mark.parametrize("password", ["x" * 5_000, "\ufdfa" * 1_000], ids=["long", "long once written out"])
def test_a_password_of_thousands_of_letters_is_a_wrong_one(
    app: Flask, browser: Browser, user: User, password: str
) -> None:
    assert browser.submit(CONFIRM, {"password": password}, page=CONFIRM).status_code == 422
    for email in (user.email, "nobody@example.org"):
        stranger = app.test_client()
        answer = stranger.submit("/login", {"email": email, "password": password}, page="/login")
        assert "Email or password is not right." in answer.text
    change = {"password": password, "new_password": password, "new_password_confirm": password}
    assert browser.submit("/account/password", change, page="/account/password").status_code == 200


def test_nobody_is_made_a_reviewer_or_administrator_from_a_page_that_was_left_open(
    browser: Browser, committed: Session, later: None
) -> None:
    said = {"name": "Kim Kraft", "email": "kim@vendor.example.com", "partner": "", "language": "en"}
    for role in ("administrator", "reviewer"):
        answer = browser.submit("/admin/users", {**said, "role": role}, page="/admin/users")
        assert answer.status_code == 403
        assert "Say who you are" in answer.text
        assert 'value="kim@vendor.example.com"' in answer.text, "what was typed is lost"
    assert browser.submit(CONFIRM, {"password": factories.PASSWORD}, page=CONFIRM).status_code == 302
    answer = browser.submit("/admin/users", {**said, "role": "administrator"}, page="/admin/users")
    assert answer.location == "/admin/users"


def test_a_reviewer_becomes_no_administrator_from_a_page_that_was_left_open(
    browser: Browser, committed: Session, later: None
) -> None:
    other = factories.user(committed, Role.REVIEWER, name="Rosa Roth")
    committed.commit()
    page = f"/people/{other.id}"
    answer = browser.submit(page, {"name": "Rosa Rot", "role": "administrator"}, page=page)
    assert (answer.status_code, 'value="Rosa Rot"' in answer.text) == (403, True)
    assert browser.submit(page, {"name": "Rosa Rot", "role": "reviewer"}, page=page).status_code == 302
    committed.refresh(other)
    assert (other.name, other.role) == ("Rosa Rot", Role.REVIEWER)


@pytest.mark.parametrize(("action", "what"), [("activate", {"active": False}), ("invite", {"password": None})])
def test_who_lets_one_of_the_operators_people_in_again_is_asked_first(
    browser: Browser, committed: Session, later: None, action: str, what: dict[str, bool | None]
) -> None:
    ours, partners = factories.user(committed, Role.REVIEWER), factories.user(committed, Role.VIEWER)
    for each in (ours, partners):
        for name, value in what.items():
            setattr(each, name, value)
    committed.commit()
    asked, done = (
        browser.submit(f"/people/{each.id}/{action}", page=f"/people/{each.id}").location for each in (ours, partners)
    )
    assert (asked, done) == (f"{CONFIRM}?next=/people/{ours.id}", "/admin/users")


def test_a_reset_is_offered_only_where_there_is_something_to_take_away(browser: Browser, committed: Session) -> None:
    without, with_it = factories.user(committed, Role.REVIEWER), factories.user(committed, totp_secret="{}")
    committed.commit()
    offered = ["Reset the second factor" in browser.get(f"/people/{each.id}").text for each in (without, with_it)]
    assert offered == [False, True]


def test_who_has_no_password_says_who_they_are_before_they_choose_one(
    browser: Browser, committed: Session, user: User
) -> None:
    device = SoftPasskey(ORIGIN, HOST)
    add(browser, device)
    user.password = None
    committed.commit()
    page, chosen = "/account/password", {"new_password": CHOSEN, "new_password_confirm": CHOSEN}
    with time_machine.travel(clock.utcnow() + timedelta(minutes=45)):
        for answer in (browser.get(page), browser.submit(page, chosen, page="/account")):
            assert answer.location == f"{CONFIRM}?next={page}"
        committed.refresh(user)
        assert user.password is None
        answered = {"answer": device.proved(asked_on(browser, CONFIRM)), "next": page}
        assert browser.submit(f"{CONFIRM}/passkey", answered, page="/account").location == page
        assert browser.submit(page, chosen, page=page).location == "/account/security"
