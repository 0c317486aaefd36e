"""Whether the provider's sign-in is enough, or a second factor of ours is asked for after it."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.models import SecurityEvent
from cpor_web.rules.roles import Role
from tests.accounts.oidc.visiting import RUNE, signs_in
from tests.support import factories
from tests.support.authenticator_app import set_up
from tests.support.browser import Browser

pytestmark = pytest.mark.usefixtures("must_have_two")


@pytest.fixture
def must_have_two(house: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reviewers must have a second factor."""
    required = replace(house.extensions["settings"], second_factor_roles=frozenset({Role.REVIEWER}))
    monkeypatch.setitem(house.extensions, "settings", required)


@pytest.fixture
def asks_too(house: Flask, must_have_two: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator wants it after the provider, too."""
    asking = replace(house.extensions["settings"], oidc_second_factor=True)
    monkeypatch.setitem(house.extensions, "settings", asking)


def _rune_has_an_app(session: Session) -> None:
    factories.user(session, Role.REVIEWER, email=RUNE["email"], totp_secret="{}")
    session.commit()


def test_the_providers_sign_in_counts_as_it_is(visitor: Browser, committed: Session) -> None:
    _rune_has_an_app(committed)
    assert signs_in(visitor) == "/"
    assert visitor.get("/review").status_code == 200


def test_who_has_none_here_needs_none_after_the_provider(visitor: Browser) -> None:
    signs_in(visitor)
    assert visitor.get("/review").status_code == 200


@pytest.mark.usefixtures("asks_too")
def test_the_code_is_asked_for_where_the_operator_wants_it(visitor: Browser, committed: Session) -> None:
    _rune_has_an_app(committed)
    assert signs_in(visitor, "/login/oidc?next=/review") == "/login/code"
    assert visitor.get("/review").location == "/login?next=/review"
    assert visitor.get("/login/code").status_code == 200


@pytest.mark.usefixtures("asks_too")
@pytest.mark.parametrize(("path", "second"), [("/login/code", "a code"), ("/login/recovery-code", "a recovery code")])
def test_who_typed_a_code_after_it_still_came_by_the_provider(
    visitor: Browser, committed: Session, path: str, second: str
) -> None:
    signs_in(visitor)
    phone, codes = set_up(visitor)
    visitor.submit("/logout", page="/account")
    assert signs_in(visitor) == "/login/code"
    code = phone.code(steps=1) if path == "/login/code" else codes[0]
    assert visitor.submit(path, {"code": code}, page=path).location == "/"
    last = select(SecurityEvent.facts).where(SecurityEvent.kind == "signed-in").order_by(SecurityEvent.id.desc())
    assert committed.scalars(last).first() == {"way": f"another provider and {second}"}
    with time_machine.travel(clock.utcnow() + timedelta(minutes=15)):
        assert "Sign in with Adatum ID" in visitor.page("/account/confirm").main.get_text()
        assert visitor.submit("/logout", page="/account").location == "/signed-out"


@pytest.mark.usefixtures("asks_too")
def test_who_has_none_sets_it_up_where_the_operator_wants_it(visitor: Browser) -> None:
    assert signs_in(visitor) == "/"
    assert visitor.get("/review").location.startswith("/account/")
