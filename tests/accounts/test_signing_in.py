"""Signing in and out through the pages."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from cpor_web import create_app
from cpor_web.config import Settings
from cpor_web.extensions import db
from cpor_web.models import User
from cpor_web.programme import Programme
from cpor_web.rules.roles import PARTNER_ROLES, USER_ROLES, Role
from cpor_web.users import passwords
from cpor_web.users.people import add_user
from cpor_web.web import flask_settings
from tests.support import factories
from tests.support.browser import Browser

WRONG = "Email or password is not right."
SignIn = Callable[..., Browser]


def _try(client: Browser, email: str, password: str) -> str:
    answer = client.submit("/login", {"email": email, "password": password}, page="/login")
    assert answer.status_code == 200
    return answer.text


def _with_account(committed: Session, role: Role = Role.REVIEWER, **fields: object) -> User:
    user = factories.user(committed, role, **fields)
    committed.commit()
    return user


@pytest.mark.parametrize("role", sorted(USER_ROLES))
def test_the_start_page_is_where_ones_work_is(
    client: Browser, committed: Session, sign_in: SignIn, role: Role
) -> None:
    sign_in(client, _with_account(committed, role))
    assert client.get("/").location == ("/claims" if role in PARTNER_ROLES else "/review")


def test_the_page_has_the_words_of_the_process(client: Browser) -> None:
    page = client.page("/login")
    assert [label.get_text() for label in page("label")] == ["Email", "Password"]
    assert [button.get_text() for button in page.main("button")] == ["Sign in"]
    assert page.find("a", string="Forgot password?")["href"] == "/reset"
    assert page.find("input", id="password")["autocomplete"] == "current-password"


def test_the_address_is_taken_whatever_its_case(client: Browser, committed: Session) -> None:
    user = _with_account(committed)
    answer = client.submit("/login", {"email": user.email.upper(), "password": factories.PASSWORD}, page="/login")
    assert answer.status_code == 302


def test_a_password_set_by_a_command_opens_the_door(
    client: Browser, committed: Session, sign_in: SignIn, programme: Programme
) -> None:
    user = add_user(committed, email="kim@example.org", name="Kim", role=Role.REVIEWER, partner=None)
    passwords.choose("ﬁve äpples on a tray", user, programme)  # the ligature comes out of few keyboards
    committed.commit()
    sign_in(client, user, "five äpples on a tray")
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    ("email", "password"),
    [("kim@example.org", "wrong"), ("nobody@example.org", factories.PASSWORD), ("kim", "x"), ("", "")],
)
def test_what_is_wrong_is_not_told_apart(client: Browser, committed: Session, email: str, password: str) -> None:
    _with_account(committed, email="kim@example.org")
    page = _try(client, email, password)
    assert page.count(WRONG) == 1
    assert "field__error" not in page


def test_what_is_left_empty_is_told_by_our_page_and_not_by_the_browser(client: Browser) -> None:
    for path in ("/login", "/reset"):
        assert client.page(path).main.form.has_attr("novalidate"), path


@pytest.mark.parametrize("fields", [{"active": False}, {"password": None}])
def test_who_may_not_sign_in_reads_the_same(client: Browser, committed: Session, fields: dict[str, object]) -> None:
    user = _with_account(committed, **fields)
    assert WRONG in _try(client, user.email, factories.PASSWORD)


def test_whoever_is_made_inactive_is_out_at_once(client: Browser, committed: Session, sign_in: SignIn) -> None:
    user = _with_account(committed)
    sign_in(client, user)
    user.active = False
    committed.commit()
    assert client.get("/").location.startswith("/login")


def test_signing_in_is_noted_with_its_moment(client: Browser, committed: Session, sign_in: SignIn) -> None:
    user = _with_account(committed)
    assert user.last_sign_in_at is None
    sign_in(client, user)
    committed.refresh(user)
    assert user.last_sign_in_at is not None


def test_signing_in_without_the_pages_token_is_refused(client: Browser, committed: Session) -> None:
    user = _with_account(committed)
    answer = client.post("/login", data={"email": user.email, "password": factories.PASSWORD})
    assert answer.status_code == 400
    assert "Nothing was changed" in answer.text


def test_signing_out_takes_a_post_with_a_token(client: Browser, committed: Session, sign_in: SignIn) -> None:
    sign_in(client, _with_account(committed))
    assert client.get("/logout").status_code == 405
    assert client.post("/logout").status_code == 400
    assert client.get("/").location == "/review"
    assert client.post("/logout", data={"csrf_token": _token(client)}).status_code == 302
    assert client.get("/").location.startswith("/login")


def _token(client: Browser) -> str:
    return str(client.page("/nowhere", status=404).find("input", attrs={"name": "csrf_token"})["value"])


def test_the_cookie_is_for_us_alone(client: Browser) -> None:
    cookie = client.get("/login").headers["Set-Cookie"]
    assert cookie.startswith("__Host-cpor=")
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))


def test_signing_in_starts_another_session(client: Browser, committed: Session, sign_in: SignIn) -> None:
    client.get("/login")
    planted = client.get_cookie("__Host-cpor", domain="cpor.vendor.example.com")
    sign_in(client, _with_account(committed))
    stranger = client.application.test_client()
    stranger.set_cookie("__Host-cpor", planted.value, domain="cpor.vendor.example.com")
    assert stranger.get("/").location.startswith("/login")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example.net/",
        "//evil.example.net/",
        "///evil.example.net/",
        "/\\evil.example.net/",
        "\\\\evil.example.net/",
        "http:evil.example.net",
        "javascript:alert(1)",
        " //evil.example.net",
        "https://cpor.vendor.example.com@evil.example.net/",
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(client: Browser, committed: Session, elsewhere: str) -> None:
    user = _with_account(committed)
    form = {"email": user.email, "password": factories.PASSWORD, "next": elsewhere}
    answer = client.submit("/login", form, page="/login", query_string={"next": elsewhere})
    assert answer.status_code == 302
    assert re.fullmatch(r"/(?![/\\]).*|%20.*|%5C.*|/", answer.location), "a browser would leave"


def test_after_signing_in_one_is_where_one_wanted_to_go(client: Browser, committed: Session) -> None:
    user = _with_account(committed, Role.VIEWER)
    door = client.get("/claims?status=approved").location
    page = client.page(door)
    form = {tag["name"]: tag.get("value", "") for tag in page.main("input")}
    answer = client.post("/login", data={**form, "email": user.email, "password": factories.PASSWORD})
    assert answer.location == "/claims?status=approved"


def test_no_token_in_an_address_or_a_header_signs_in(app: Flask, client: Browser, committed: Session) -> None:
    user = _with_account(committed)
    with app.test_request_context():
        token = user.get_auth_token()
    assert client.get("/", query_string={"auth_token": token}).location == "/login"
    assert client.get("/", headers={"Authentication-Token": token}).location == "/login"


@pytest.mark.parametrize("path", ["/register", "/change", "/verify", "/confirm", "/tf-setup", "/us-signin"])
def test_what_nobody_uses_is_not_there(client: Browser, path: str) -> None:
    assert client.get(path).status_code == 404


def test_without_the_database_people_read_a_page_of_ours(
    client: Browser, committed: Session, settings: Settings, sign_in: SignIn
) -> None:
    sign_in(client, _with_account(committed))
    session = client.get_cookie("__Host-cpor", domain="cpor.vendor.example.com")
    broken = create_app(replace(settings, database_url="postgresql+psycopg://nobody@/nowhere?host=/nowhere"))
    visitor = broken.test_client()
    visitor.set_cookie("__Host-cpor", session.value, domain="cpor.vendor.example.com")
    visitor.expects_failure = True
    assert visitor.page("/", status=503).find("h1").get_text() == "Not available for the moment"


def test_where_the_database_breaks_off_in_the_middle_people_read_a_page_of_ours(
    committed: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = _with_account(committed)
    monkeypatch.setattr(flask_settings, "database_limits", lambda _: "-c idle_in_transaction_session_timeout=30")
    hasty = create_app(settings)
    visitor = hasty.test_client()
    visitor.expects_failure = True
    answer = visitor.submit("/login", {"email": user.email, "password": factories.PASSWORD}, page="/login")
    with hasty.app_context():
        db.engine.dispose()
    assert answer.status_code == 503
    assert "Not available for the moment" in answer.text
