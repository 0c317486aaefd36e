"""Who has no password here says once more who they are at the provider."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from bs4 import BeautifulSoup
from sqlalchemy.orm import Session

from cpor_web import clock
from tests.accounts.oidc.visiting import BEGIN, accounts, signs_in
from tests.support.authenticator_app import NEW as SECOND_FACTOR
from tests.support.authenticator_app import App, letters_on
from tests.support.browser import Browser
from tests.support.oidc_server import Claims, OidcServer

PASSKEYS, CONFIRM, USERS = "/account/passkeys", "/account/confirm", "/admin/users"
KIM = {"name": "Kim Kraft", "email": "kim@fabrikam.example.org", "role": "reviewer", "partner": "", "language": "en"}
LATER = timedelta(minutes=15)


def has_known_them_for(provider: OidcServer, while_: timedelta) -> None:
    provider.lie = lambda claims: {**claims, "auth_time": int((clock.utcnow() - while_).timestamp())}


def test_who_has_no_password_is_led_to_the_provider_and_back(visitor: Browser) -> None:
    signs_in(visitor)
    assert visitor.get(PASSKEYS).status_code == 200
    with time_machine.travel(clock.utcnow() + LATER):
        asked = visitor.get(PASSKEYS).location
        page = visitor.page(asked)
        assert page.find("input", attrs={"type": "password"}) is None
        there = page.find("a", string="Sign in with Adatum ID")["href"]
        query = parse_qs(urlsplit(visitor.get(there).location).query)
        assert (query["prompt"], query["max_age"]) == (["login"], ["0"])
        assert signs_in(visitor, there) == PASSKEYS
        assert visitor.get(PASSKEYS).status_code == 200


def test_a_first_sign_in_asks_the_provider_for_no_more_than_it_wants(visitor: Browser) -> None:
    query = parse_qs(urlsplit(visitor.get(BEGIN).location).query)
    assert query.keys().isdisjoint({"prompt", "max_age"})


@pytest.mark.parametrize("begin", [BEGIN, f"{BEGIN}?anew=1"])
def test_a_provider_that_has_known_them_for_long_has_not_asked_now(
    visitor: Browser, provider: OidcServer, begin: str
) -> None:
    has_known_them_for(provider, LATER)
    signs_in(visitor, begin)
    assert visitor.get(PASSKEYS).location.startswith(CONFIRM)


@pytest.mark.parametrize("said", [{}, {"auth_time": -1}, {"auth_time": 2**70}], ids=["nothing", "before", "beyond"])
def test_a_provider_that_does_not_tell_is_taken_at_its_word_where_it_was_asked_for_proof(
    visitor: Browser, provider: OidcServer, said: Claims
) -> None:
    provider.lie = lambda claims: {name: value for name, value in claims.items() if name != "auth_time"} | said
    signs_in(visitor)
    assert visitor.get(PASSKEYS).location.startswith(CONFIRM), "it may have known them for hours"
    signs_in(visitor, f"{BEGIN}?anew=1")
    assert visitor.get(PASSKEYS).status_code == 200


def test_a_moment_to_come_is_worth_no_more_than_now(visitor: Browser, provider: OidcServer) -> None:
    has_known_them_for(provider, -timedelta(days=1))
    signs_in(visitor)
    with time_machine.travel(clock.utcnow() + LATER):
        assert visitor.get(PASSKEYS).location.startswith(CONFIRM)


def test_who_has_no_password_confirms_by_none(visitor: Browser) -> None:
    signs_in(visitor)
    visitor.checks_pages = False  # none offers it
    with time_machine.travel(clock.utcnow() + LATER):
        for password in ("", "x", "None"):
            answer = visitor.submit(CONFIRM, {"password": password}, page="/account")
            assert answer.status_code == 422
        assert visitor.get(PASSKEYS).location.startswith(CONFIRM)


def test_a_form_that_waits_in_another_tab_is_taken_once_they_have_said_so(
    visitor: Browser, provider: OidcServer
) -> None:
    provider.person["roles"] = ["cpor-admins"]
    signs_in(visitor)
    with time_machine.travel(clock.utcnow() + LATER):
        form = {**KIM, "csrf_token": visitor.csrf_token(USERS)}
        asked = visitor.post(USERS, data=form)
        assert asked.status_code == 403
        other_tab = BeautifulSoup(asked.text, "html.parser").find("a", target="_blank")["href"]
        there = visitor.page(other_tab).find("a", string="Sign in with Adatum ID")["href"]
        signs_in(visitor, there)
        assert visitor.post(USERS, data=form).location == USERS


def test_the_picture_of_a_second_factor_stays_once_they_have_said_so(visitor: Browser) -> None:
    signs_in(visitor)
    app = App(letters_on(visitor))
    with time_machine.travel(clock.utcnow() + LATER):
        there = visitor.page(visitor.get(SECOND_FACTOR).location).find("a", string="Sign in with Adatum ID")["href"]
        assert signs_in(visitor, there) == SECOND_FACTOR
        assert visitor.submit(SECOND_FACTOR, {"code": app.code()}, page=SECOND_FACTOR).status_code == 200


def test_the_picture_stays_however_often_they_said_so_before_they_looked_at_it_again(visitor: Browser) -> None:
    signs_in(visitor)
    seen = letters_on(visitor)
    for _ in range(2):
        signs_in(visitor)
    assert letters_on(visitor) == seen


def test_another_who_signs_in_over_them_gets_another_picture_and_so_do_they_afterwards(
    visitor: Browser, provider: OidcServer
) -> None:
    rune, asta = provider.person, {**provider.person, "sub": "asta-1", "email": "asta@vendor.example.com"}
    signs_in(visitor)
    seen = [letters_on(visitor)]
    signs_in(visitor)
    for provider.person in (asta, rune):
        signs_in(visitor)
        seen.append(letters_on(visitor))
    assert len(set(seen)) == 3


def test_who_has_signed_out_gets_another_picture_the_next_time(visitor: Browser) -> None:
    signs_in(visitor)
    seen = letters_on(visitor)
    signs_in(visitor)
    visitor.submit("/logout", page="/account")
    signs_in(visitor)
    assert letters_on(visitor) != seen


def test_a_form_of_whoever_was_signed_in_before_is_not_taken_from_another(
    visitor: Browser, provider: OidcServer, committed: Session
) -> None:
    provider.person["roles"] = ["cpor-admins"]
    signs_in(visitor)
    form = {**KIM, "csrf_token": visitor.csrf_token(USERS)}
    provider.person = {**provider.person, "sub": "asta-1", "email": "asta@vendor.example.com", "name": "Asta"}
    signs_in(visitor)
    assert visitor.post(USERS, data=form).status_code == 403
    assert KIM["email"] not in accounts(committed)
