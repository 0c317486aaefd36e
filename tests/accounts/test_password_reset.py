"""Choosing a new password by the link of a mail."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.accounts.mails import reset_link
from cpor_web.models import Mail, MailState, User
from cpor_web.rules.roles import Role
from tests.support import factories
from tests.support.browser import Browser

PUBLIC = "https://cpor.vendor.example.com"
NEW = "eleven geese and one"
SignIn = Callable[..., Browser]


@pytest.fixture
def user(committed: Session) -> User:
    user = factories.user(committed, Role.INCENTIVES_ADMIN)
    committed.commit()
    return user


def _link(app: Flask, user: User) -> str:
    with app.app_context():
        return reset_link(user).removeprefix(PUBLIC)


def _choose(client: Browser, path: str, password: str, again: str | None = None) -> "object":
    form = {"password": password, "password_confirm": password if again is None else again}
    return client.submit(path, form, page=path)


def _mails(committed: Session) -> list[Mail]:
    return list(committed.scalars(select(Mail).order_by(Mail.id)))


def test_a_mail_is_queued_for_the_user_and_holds_no_link(client: Browser, committed: Session, user: User) -> None:
    client.submit("/reset", {"email": user.email}, page="/reset")
    (mail,) = _mails(committed)
    assert (mail.kind, mail.user_id, mail.to_address) == ("password-reset", user.id, user.email)
    assert mail.state is MailState.QUEUED
    assert "/reset/" not in str(mail.context)


def test_the_answer_does_not_tell_who_has_an_account(client: Browser, committed: Session, user: User) -> None:
    answers = {
        _without_token(client.submit("/reset", {"email": email}, page="/reset").text.replace(email, "…"))
        for email in (user.email, "nobody@example.org")
    }
    assert len(answers) == 1
    assert "a mail with a link is on its way" in answers.pop()
    assert len(_mails(committed)) == 1


def _without_token(page: str) -> str:
    return "\n".join(line for line in page.splitlines() if "csrf_token" not in line)


def test_whoever_may_not_sign_in_gets_no_mail(client: Browser, committed: Session, user: User) -> None:
    user.active = False
    committed.commit()
    client.submit("/reset", {"email": user.email}, page="/reset")
    assert _mails(committed) == []


def test_the_link_begins_with_the_public_url_whatever_the_host(app: Flask, user: User) -> None:
    with app.test_request_context("/reset", base_url="https://evil.example.net"):
        assert reset_link(user).startswith(f"{PUBLIC}/reset/")


def test_the_link_lets_choose_a_password_that_then_signs_in(
    app: Flask, client: Browser, user: User, sign_in: SignIn
) -> None:
    answer = _choose(client, _link(app, user), NEW)
    assert answer.location == "/login"
    assert "Your password is saved" in client.get("/login").text
    sign_in(client, user, NEW)


def test_the_old_password_and_the_old_sessions_end(app: Flask, client: Browser, user: User, sign_in: SignIn) -> None:
    elsewhere = sign_in(app.test_client(), user)
    _choose(client, _link(app, user), NEW)
    assert elsewhere.get("/").location.startswith("/login")
    answer = client.submit("/login", {"email": user.email, "password": factories.PASSWORD}, page="/login")
    assert "Email or password is not right." in answer.text


def test_the_link_works_once(app: Flask, client: Browser, user: User) -> None:
    link = _link(app, user)
    _choose(client, link, NEW)
    assert client.get(link).location == "/reset"
    assert "This link was used" in client.get("/reset").text


def test_the_link_works_for_24_hours(app: Flask, client: Browser, user: User) -> None:
    link, start = _link(app, user), clock.utcnow()
    with time_machine.travel(start + timedelta(hours=23, minutes=59), tick=False):
        assert client.get(link).status_code == 200
    with time_machine.travel(start + timedelta(hours=24, minutes=1), tick=False):
        assert client.get(link).location == "/reset"
        assert "This link has expired" in client.get("/reset").text


@pytest.mark.parametrize(
    ("password", "again", "sentence"),
    [
        ("short", "short", "A password has 12 to 128 characters."),
        (NEW, "something else", "The two passwords are not the same."),
        ("", "", "Type a password."),
    ],
)
def test_a_password_that_cannot_be_is_explained_at_its_field(
    app: Flask, client: Browser, committed: Session, user: User, password: str, again: str, sentence: str
) -> None:
    answer = _choose(client, _link(app, user), password, again)
    assert sentence in answer.text
    assert 'role="alert"' in answer.text
    before = user.password
    committed.refresh(user)
    assert user.password == before


def test_a_link_that_is_not_one_leads_to_a_new_one(client: Browser) -> None:
    assert client.get("/reset/no-such-token").location == "/reset"


def test_a_user_without_a_password_can_choose_one(
    app: Flask, client: Browser, committed: Session, user: User, sign_in: SignIn
) -> None:
    user.password = None
    committed.commit()
    _choose(client, _link(app, user), NEW)
    assert "Your password is saved. Sign in with it." in client.get("/login").text
    sign_in(client, user, NEW)
