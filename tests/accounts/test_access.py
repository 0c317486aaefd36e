"""Closed by default: every endpoint is open by name, or marked with the roles that may open it."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from cpor_web.accounts import access
from cpor_web.accounts.access import allowed, allowed_roles, is_open
from cpor_web.rules.roles import CLAIMANTS, PARTNER_ROLES, REVIEWERS, USER_ROLES, Role
from tests.support import factories
from tests.support.browser import Browser
from tests.support.everybody import looks

SignIn = Callable[..., Browser]


def test_every_endpoint_is_open_by_name_or_marked(app: Flask) -> None:
    with app.app_context():
        forgotten = [name for name in app.view_functions if not is_open(name) and not allowed_roles(name)]
    assert forgotten == []


def test_no_endpoint_is_both_open_and_marked(app: Flask) -> None:
    with app.app_context():
        assert [name for name in app.view_functions if is_open(name) and allowed_roles(name)] == []


def test_every_open_name_is_there(app: Flask) -> None:
    assert [name for name in access.OPEN if name not in app.view_functions and name not in app.blueprints] == []


def test_only_roles_that_somebody_can_have_are_let_in(app: Flask) -> None:
    with app.app_context():
        assert {role for name in app.view_functions for role in allowed_roles(name)} <= USER_ROLES


def test_only_references_and_tokens_are_free_text_in_an_address(app: Flask) -> None:
    untyped = {name for rule in app.url_map.iter_rules() for name in re.findall(r"<(\w+)>", rule.rule)}
    assert untyped == {"reference", "token"}


def test_marks_take_roles_and_sets_of_them() -> None:
    @allowed(CLAIMANTS, Role.VIEWER)
    def view() -> str:
        return ""

    app = Flask("bare")
    app.add_url_rule("/", "view", view)
    with app.app_context():
        assert allowed_roles("view") == PARTNER_ROLES


def test_a_view_that_nobody_marked_is_opened_by_nobody(
    app: Flask, client: Browser, committed: Session, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = factories.user(committed, Role.ADMINISTRATOR)
    committed.commit()
    sign_in(client, user)
    monkeypatch.setitem(app.view_functions, "accounts.home", lambda: "secret")
    assert client.get("/").status_code == 404


@pytest.mark.parametrize("role", sorted(USER_ROLES))
def test_every_page_without_parameters_opens_for_its_roles_and_no_other(
    app: Flask, client: Browser, committed: Session, sign_in: SignIn, role: Role
) -> None:
    user = factories.user(committed, role)
    committed.commit()
    sign_in(client, user)
    with app.app_context():
        pages = {
            rule.rule: allowed_roles(rule.endpoint)
            for rule in app.url_map.iter_rules()
            if "GET" in rule.methods and not rule.arguments and not is_open(rule.endpoint)
        }
    for path, roles in pages.items():
        seen = client.get(path).status_code
        assert (seen != 404) == (role in roles), f"{path}: {seen}"


def test_strangers_are_sent_to_sign_in_and_back(app: Flask, client: Browser) -> None:
    assert client.get("/claims?status=approved").location == "/login?next=/claims?status%3Dapproved"
    assert client.get("/").location == "/login"


def test_what_is_not_there_looks_like_what_is_not_yours(client: Browser, committed: Session, sign_in: SignIn) -> None:
    user = factories.user(committed, Role.VIEWER)
    committed.commit()
    sign_in(client, user)
    not_yours, not_there = client.get("/review"), client.get("/no-such-page")
    assert not_yours.status_code == 404
    assert looks(not_yours) == looks(not_there)


def test_reviewers_and_partners_have_no_page_in_common_but_those_of_their_accounts(app: Flask) -> None:
    with app.app_context():
        shared = {
            name.partition(".")[0]
            for name in app.view_functions
            if allowed_roles(name) & REVIEWERS and allowed_roles(name) & PARTNER_ROLES
        }
    assert shared == {"accounts", "security"}
