"""While strangers guess at an account from many places, a browser that its owner has used still gets in."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from cpor_web.accounts import throttle
from cpor_web.accounts.mails import reset_link
from cpor_web.models import User
from cpor_web.rules.roles import Role
from tests.support import factories
from tests.support.browser import Browser

DOMAIN = "cpor.vendor.example.com"
NEW = "eleven geese and one"
SignInBy = Callable[..., Browser]


@pytest.fixture(autouse=True)
def _few_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "WRONG_BY_ALL_STRANGERS", "12 per hour")  # each guess costs argon2's time


@pytest.fixture
def user(committed: Session) -> User:
    made = factories.user(committed, Role.REVIEWER)
    committed.commit()
    return made


def places() -> Iterator[str]:
    """Yield addresses, each of another network."""
    return (f"198.51.{high}.{low}" for high in range(256) for low in range(1, 255))


def attempt(browser: Browser, email: str, password: str = "wrong", *, at: str = "192.0.2.7") -> int:
    form = {"email": email, "password": password}
    return browser.submit("/login", form, page="/login", environ_base={"REMOTE_ADDR": at}).status_code


def attack(app: Flask, email: str) -> None:
    """Guess from many addresses until all strangers together are refused."""
    most = int(throttle.WRONG_BY_ALL_STRANGERS.split()[0])
    guesser, answers = app.test_client(), []
    token = guesser.csrf_token()
    for _, address in zip(range(most + 1), places(), strict=False):
        form = {"csrf_token": token, "email": email, "password": "wrong"}
        answers.append(guesser.post("/login", data=form, environ_base={"REMOTE_ADDR": address}).status_code)
    assert answers == [200] * most + [429]


def known(app: Flask, user: User, sign_in: SignInBy) -> Browser:
    browser = sign_in(app.test_client(), user)
    browser.submit("/logout", page="/account")
    return browser


def chooses_by_mail(app: Flask, browser: Browser, user: User) -> None:
    with app.app_context():
        link = reset_link(user).removeprefix(f"https://{DOMAIN}")
    browser.submit(link, {"password": NEW, "password_confirm": NEW}, page=link)


def test_guesses_from_many_addresses_are_limited_together(app: Flask, committed: Session, user: User) -> None:
    attack(app, user.email)
    stranger = app.test_client()
    assert attempt(stranger, user.email, factories.PASSWORD, at="203.0.113.5") == 429
    colleague = factories.user(committed, Role.REVIEWER)
    committed.commit()
    assert attempt(stranger, colleague.email, factories.PASSWORD, at="203.0.113.5") == 302


def test_the_owner_gets_in_with_a_browser_they_have_used(app: Flask, user: User, sign_in: SignInBy) -> None:
    theirs = known(app, user, sign_in)
    attack(app, user.email)
    assert attempt(theirs, user.email, factories.PASSWORD, at="203.0.113.5") == 302


def test_the_owner_gets_in_even_from_the_address_of_the_guesses(app: Flask, user: User, sign_in: SignInBy) -> None:
    theirs, guesser = known(app, user, sign_in), app.test_client()
    for _ in range(11):
        attempt(guesser, user.email)
    assert attempt(theirs, user.email, factories.PASSWORD) == 302


def test_choosing_a_password_by_a_mail_makes_a_browser_known(app: Flask, user: User) -> None:
    attack(app, user.email)
    theirs = app.test_client()
    chooses_by_mail(app, theirs, user)
    assert attempt(theirs, user.email, NEW, at="203.0.113.5") == 302


def test_who_tried_too_often_in_a_known_browser_need_not_wait_once_they_chose_a_password_by_a_mail(
    app: Flask, user: User, sign_in: SignInBy
) -> None:
    theirs = known(app, user, sign_in)
    assert [attempt(theirs, user.email) for _ in range(11)] == [200] * 10 + [429]
    chooses_by_mail(app, theirs, user)
    assert attempt(theirs, user.email, NEW) == 302


def test_a_known_browser_guesses_ten_times_from_wherever(app: Flask, user: User, sign_in: SignInBy) -> None:
    theirs = known(app, user, sign_in)
    answers = [attempt(theirs, user.email, at=address) for _, address in zip(range(11), places(), strict=False)]
    assert answers == [200] * 10 + [429]


def test_a_browser_is_known_to_its_own_account_only(
    app: Flask, committed: Session, user: User, sign_in: SignInBy
) -> None:
    insider = factories.user(committed, Role.REVIEWER)
    committed.commit()
    theirs = known(app, insider, sign_in)
    attack(app, user.email)
    assert attempt(theirs, user.email, factories.PASSWORD, at="203.0.113.5") == 429


@pytest.mark.parametrize(
    "forged", ["", "x", "InNlY3JldCI.x", "InNlY3JldCI.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
)
def test_a_cookie_that_was_made_up_is_no_cookie(app: Flask, user: User, sign_in: SignInBy, forged: str) -> None:
    theirs = known(app, user, sign_in)
    (name,) = [cookie.key for cookie in theirs._cookies.values() if "-known-" in cookie.key]
    attack(app, user.email)
    theirs.set_cookie(name, forged, domain=DOMAIN)
    assert attempt(theirs, user.email, factories.PASSWORD, at="203.0.113.5") == 429


def test_the_cookie_names_nobody_and_opens_nothing(app: Flask, user: User, sign_in: SignInBy) -> None:
    theirs = known(app, user, sign_in)
    (cookie,) = [each for each in theirs._cookies.values() if "-known-" in each.key]
    assert user.email.split("@")[0] not in f"{cookie.key}{cookie.value}"
    assert cookie.secure
    assert cookie.http_only
    bearer = app.test_client()
    bearer.set_cookie(cookie.key, cookie.value, domain=DOMAIN)
    assert bearer.get("/account").location.startswith("/login")
