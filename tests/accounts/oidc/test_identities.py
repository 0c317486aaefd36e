"""Whom the provider may vouch for: whose account, by which address."""

import threading
import time

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from cpor_web.clock import utcnow
from cpor_web.models import Identity
from cpor_web.programme import Programme
from cpor_web.rules.roles import Role
from cpor_web.users.identities import untie
from tests.accounts.oidc.visiting import accounts, is_refused, kinds_of, rune_of, signs_in, there_and_back
from tests.support import factories
from tests.support.browser import Browser
from tests.support.oidc_server import OidcServer


@pytest.mark.parametrize("said", [False, None, "false", "yes", 2, ["true"]])
def test_an_address_that_is_not_verified_opens_no_account(
    visitor: Browser, provider: OidcServer, committed: Session, said: object
) -> None:
    factories.user(committed, Role.ADMINISTRATOR, email="rune@vendor.example.com")
    committed.commit()
    provider.person["email_verified"] = said
    is_refused(visitor, "Adatum ID does not vouch for your e-mail address.")
    assert committed.scalar(select(func.count()).select_from(Identity)) == 0


@pytest.mark.parametrize(
    "email",
    [
        "rune@elsewhere.example.net",
        "rune@sub.vendor.example.com",
        "rune@vendor.example.com.example.net",
        "rune@vendor.example.com@example.net",
        "rune",
        "",
        ["rune@vendor.example.com"],
    ],
)
def test_an_address_of_another_domain_opens_no_account(
    visitor: Browser, provider: OidcServer, committed: Session, email: object
) -> None:
    if isinstance(email, str):
        factories.user(committed, Role.ADMINISTRATOR, email=email)
        committed.commit()
    provider.person["email"] = email
    is_refused(visitor)
    assert committed.scalar(select(func.count()).select_from(Identity)) == 0


def test_an_address_in_letters_that_only_look_alike_opens_no_account(
    visitor: Browser, provider: OidcServer, committed: Session
) -> None:
    kim = factories.user(committed, Role.REVIEWER, email="kim@vendor.example.com")
    committed.commit()
    provider.person["email"] = "\N{KELVIN SIGN}im@vendor.example.com"
    is_refused(visitor, "There is no account for you here.")
    assert kinds_of(committed, kim) == []


def test_strangers_read_whom_to_ask_and_get_no_account(
    visitor: Browser, provider: OidcServer, committed: Session
) -> None:
    provider.person["roles"] = ["everybody"]
    is_refused(visitor, "There is no account for you here.", "accounts to invite you")
    assert accounts(committed) == {}


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.ADMINISTRATOR])
def test_an_account_of_the_operators_needs_a_role_there_and_is_left_as_it_is_without(
    visitor: Browser, provider: OidcServer, committed: Session, role: Role
) -> None:
    rune = factories.user(committed, role, email="rune@vendor.example.com")
    committed.commit()
    provider.person["roles"] = []
    is_refused(visitor, "Adatum ID gives you no role here.")
    committed.refresh(rune)
    assert (rune.active, rune.role) == (True, role)


def test_who_is_not_active_stays_out(visitor: Browser, committed: Session) -> None:
    factories.user(committed, Role.REVIEWER, email="rune@vendor.example.com", active=False)
    committed.commit()
    is_refused(visitor, "Your account here is not active.")


def test_somebody_else_with_the_same_address_does_not_get_the_account(
    visitor: Browser, provider: OidcServer, committed: Session
) -> None:
    signs_in(visitor)
    visitor.submit("/logout", page="/account")
    provider.person["sub"] = "rune-2"
    is_refused(visitor, "belongs to somebody else, or to somebody who had the address before you")
    assert committed.scalars(select(Identity.subject)).all() == ["rune-1"]


def test_of_two_who_come_for_the_first_time_at_once_one_is_asked_to_come_again(
    house: Flask, provider: OidcServer, committed: Session
) -> None:
    browsers = [house.test_client() for _ in range(2)]
    backs = [there_and_back(browser) for browser in browsers]
    committed.execute(text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))  # both read, and neither writes yet
    answers: list[int] = []
    comers = [
        threading.Thread(target=lambda browser=browser, back=back: answers.append(browser.get(back).status_code))
        for browser, back in zip(browsers, backs, strict=True)
    ]
    for comer in comers:
        comer.start()
    _wait_for_waiting(committed, 2)
    committed.commit()
    for comer in comers:
        comer.join()
    assert sorted(answers) == [302, 403]
    assert list(accounts(committed)) == ["rune@vendor.example.com"]


def _wait_for_waiting(session: Session, many: int) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'users'::regclass")
    until = time.monotonic() + 120
    while session.scalar(waiting) < many:
        assert time.monotonic() < until, "nobody waits"


def test_an_account_that_was_untied_is_tied_to_who_comes_next(
    visitor: Browser, house: Flask, provider: OidcServer, committed: Session, programme: Programme
) -> None:
    signs_in(visitor)
    assert untie(committed, rune_of(committed), now=utcnow(), programme=programme)
    assert not untie(committed, rune_of(committed), now=utcnow(), programme=programme)
    committed.commit()
    provider.person["sub"] = "rune-2"
    assert signs_in(house.test_client()) == "/"
    assert kinds_of(committed, rune_of(committed)).count("identity-removed") == 1
