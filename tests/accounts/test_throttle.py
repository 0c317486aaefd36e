"""Guessing is limited; the person whose password is guessed at is not locked out."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import email_validator
import pytest
import redis
from bs4 import BeautifulSoup
from email_validator import validate_email
from flask import Flask
from sqlalchemy.orm import Session

from cpor_web import addresses, create_app
from cpor_web.config import Settings
from cpor_web.embedded.redis_server import EmbeddedRedis
from cpor_web.extensions import db, limiter
from cpor_web.models import User
from cpor_web.rules.roles import Role
from cpor_web.web import too_often
from tests.support import factories
from tests.support.browser import Browser
from tests.support.full_redis import full
from tests.support.other_apps import AppWith, give_back

HERE = {"REMOTE_ADDR": "192.0.2.7"}
ELSEWHERE = {"REMOTE_ADDR": "198.51.100.9"}


@pytest.fixture
def user(committed: Session) -> User:
    user = factories.user(committed, Role.REVIEWER)
    committed.commit()
    return user


def _guess(client: Browser, email: str, password: str = "wrong", *, at: dict[str, str] = HERE) -> int:
    form = {"email": email, "password": password}
    return client.submit("/login", form, page="/login", environ_base=at).status_code


def test_the_eleventh_guess_is_refused_even_if_right(client: Browser, user: User) -> None:
    assert {_guess(client, user.email) for _ in range(10)} == {200}
    assert _guess(client, user.email, factories.PASSWORD) == 429


@pytest.mark.parametrize("path", ["/login", "/reset"])
def test_nothing_is_read_as_an_address_that_is_longer_than_any(
    client: Browser, user: User, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def reads(text: str, **how: Any) -> Any:
        read.append(len(text))
        return validate_email(text, **how)

    monkeypatch.setattr(email_validator, "validate_email", reads)
    for email in (user.email, f"{user.email}{' ' * 2**19}x", '"' * 2**19 + "@"):
        client.submit(path, {"email": email, "password": "x"}, page=path, environ_base=HERE)
    assert len(user.email) in read
    assert max(read) <= addresses.LONGEST


def test_the_refusal_is_a_page_that_says_when_to_try_again_and_what_to_do_meanwhile(
    client: Browser, user: User
) -> None:
    for _ in range(10):
        _guess(client, user.email)
    page = client.submit("/login", {"email": user.email, "password": "x"}, page="/login", environ_base=HERE)
    assert "You can try again in 15 minutes." in page.text
    assert 14 * 60 < int(page.headers["Retry-After"]) <= 15 * 60
    meanwhile = BeautifulSoup(page.text, "html.parser").main.find("a", string="Forgot password?")["href"]
    assert client.submit(meanwhile, {"email": user.email}, page=meanwhile, environ_base=HERE).status_code == 200


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "in 1 minute"), (840.1, "in 15 minutes"), (3600, "in 1 hour"), (3601, "in 2 hours"), (86_400, "in 1 day")],
)
def test_the_wait_is_never_said_shorter_than_it_is(app: Flask, seconds: float, words: str) -> None:
    with app.test_request_context():
        assert too_often.in_words(timedelta(seconds=seconds)) == words


def test_the_victim_signs_in_from_elsewhere(client: Browser, user: User) -> None:
    for _ in range(11):
        _guess(client, user.email)
    assert _guess(client, user.email, factories.PASSWORD, at=ELSEWHERE) == 302


def test_another_account_signs_in_from_the_same_address(client: Browser, committed: Session, user: User) -> None:
    colleague = factories.user(committed, Role.REVIEWER)
    committed.commit()
    for _ in range(11):
        _guess(client, user.email)
    assert _guess(client, colleague.email, factories.PASSWORD) == 302


def test_writing_the_address_otherwise_gives_no_new_guesses(client: Browser, user: User) -> None:
    for _ in range(10):
        _guess(client, user.email)
    assert _guess(client, f" {user.email.upper()} ") == 429


@pytest.mark.parametrize(("path", "guesses"), [("/login", 10), ("/reset", 5)])
def test_other_letters_of_the_same_domain_give_no_new_tries(
    client: Browser, user: User, path: str, guesses: int
) -> None:
    local, _, domain = user.email.partition("@")
    wide = f"{local}@{chr(ord(domain[0]) + 0xFEE0)}{domain[1:]}"
    asked = [
        client.submit(path, {"email": email, "password": "x"}, page=path, environ_base=HERE).status_code
        for email in [user.email] * guesses + [wide]
    ]
    assert asked == [200] * guesses + [429]


def test_a_letter_that_the_database_takes_for_another_finds_no_account(client: Browser, committed: Session) -> None:
    factories.user(committed, Role.REVIEWER, email="kim@vendor.example.com")
    committed.commit()
    assert _guess(client, "kİm@vendor.example.com", factories.PASSWORD) == 200, (
        "each way to write it has its own tries"
    )


def test_signing_in_rightly_is_not_counted(client: Browser, app: Flask, user: User) -> None:
    assert {_guess(app.test_client(), user.email, factories.PASSWORD) for _ in range(12)} == {302}


def test_one_account_is_not_flooded_with_mails(client: Browser, user: User) -> None:
    ask = [
        client.submit("/reset", {"email": user.email}, page="/reset", environ_base=HERE).status_code for _ in range(6)
    ]
    assert ask == [200] * 5 + [429]


def test_the_store_holds_no_address_of_anybody(client: Browser, settings: Settings, user: User) -> None:
    _guess(client, user.email)
    with redis.Redis.from_url(settings.redis_url) as store:
        kept = [key.decode() for key in store.scan_iter()]
    assert any("LIMIT" in key for key in kept)
    assert not any("@" in key or user.email.split("@")[0] in key for key in kept)


@pytest.fixture
def app_without_redis(app: Flask, settings: Settings) -> Iterator[Flask]:
    lonely = create_app(replace(settings, redis_url="redis://127.0.0.1:1/0"))
    yield lonely
    with lonely.app_context():
        db.engine.dispose()
    give_back(settings)


def test_without_redis_people_sign_in_and_guesses_are_still_limited(
    app_without_redis: Flask, user: User, committed: Session, sign_in: Callable[..., Browser]
) -> None:
    sign_in(app_without_redis.test_client(), user)
    guesser = app_without_redis.test_client()
    assert [_guess(guesser, user.email) for _ in range(11)] == [200] * 10 + [429]


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A Redis that a test can hold still."""
    with EmbeddedRedis(tmp_path) as server:
        yield server


def test_while_redis_is_away_a_guesser_gains_one_more_allowance_and_none_when_it_is_back(
    app_with: AppWith, own_redis: EmbeddedRedis, user: User
) -> None:
    guesser = app_with(redis_url=own_redis.url).test_client()
    all_at_once, pid = [200] * 10 + [429], own_redis.pid
    assert pid is not None
    assert [_guess(guesser, user.email) for _ in range(11)] == all_at_once
    for gained in (all_at_once, [429] * 11):  # the second time it is away, what was counted the first time counts
        os.kill(pid, signal.SIGSTOP)
        try:
            assert [_guess(guesser, user.email) for _ in range(11)] == gained
        finally:
            os.kill(pid, signal.SIGCONT)
        limiter._Limiter__last_check_backend = 0.0  # type: ignore[attr-defined]  # it looks for Redis seldom, and by the clock
        assert _guess(guesser, user.email) == 429, "what Redis has counted before counts"
        assert not limiter._storage_dead, "Redis was not found again"


def test_where_redis_takes_no_writes_guesses_are_counted_on_from_what_it_has_counted(
    app_with: AppWith, own_redis: EmbeddedRedis, user: User
) -> None:
    guesser = app_with(redis_url=own_redis.url).test_client()
    assert [_guess(guesser, user.email) for _ in range(4)] == [200] * 4
    with full(own_redis.url):
        assert [_guess(guesser, user.email) for _ in range(7)] == [200] * 6 + [429]
    assert _guess(guesser, user.email) == 429, "what was counted meanwhile counts"


def test_moving_about_within_an_ipv6_network_gives_no_new_tries(client: Browser, user: User) -> None:
    asked = [_guess(client, user.email, at={"REMOTE_ADDR": f"2001:db8:1:2::{number:x}"}) for number in range(1, 12)]
    assert asked == [200] * 10 + [429]
