"""One's own account: the language of pages and mails, and the calendar to subscribe to."""

import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from bs4 import Tag
from flask import Flask
from icalendar import Calendar
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.config import Settings
from cpor_web.models import User
from cpor_web.programme import Programme
from cpor_web.rules.roles import Role
from tests.support import claims, factories
from tests.support.browser import Browser

SignIn = Callable[..., Browser]


@pytest.fixture
def user(committed: Session) -> User:
    made = factories.user(committed, Role.BILLING_ADMIN, name="Bo Berg")
    committed.commit()
    return made


@pytest.fixture
def browser(client: Browser, sign_in: SignIn, user: User) -> Browser:
    return sign_in(client, user)


def test_the_name_in_the_header_leads_to_the_account(browser: Browser, user: User) -> None:
    link = browser.page("/claims").header.find("a", href="/account")
    assert link.get_text() == "Your account: Bo Berg"
    words = browser.page("/account").main.get_text()
    assert user.email in words
    assert "Billing admin" in words


def test_the_chosen_language_is_kept_and_used(browser: Browser, committed: Session, user: User) -> None:
    assert browser.page("/claims").html["lang"] == "en"
    answer = browser.submit("/account", {"language": "sv"}, page="/account")
    assert answer.location == "/account"
    committed.refresh(user)
    assert user.language == "sv"
    page = browser.page("/account")
    assert page.html["lang"] == "sv"
    assert page.find("option", selected=True)["value"] == "sv"


@pytest.mark.parametrize("language", ["", "fr", "en_US"])
def test_a_language_that_there_is_not_is_refused(
    browser: Browser, committed: Session, user: User, language: str
) -> None:
    assert browser.submit("/account", {"language": language}, page="/account").status_code == 422
    committed.refresh(user)
    assert user.language == "en"


def make_address(browser: Browser) -> str:
    """Press the button, and return the path of the address that the page then shows."""
    assert browser.submit("/account/calendar", page="/account").status_code == 302
    link = browser.page("/account").main.find("a", string=re.compile(r"\.ics$"))
    assert isinstance(link, Tag)
    assert str(link["href"]).startswith("https://cpor.vendor.example.com/calendar/")
    return urlsplit(str(link["href"])).path


def events(answer_text: str) -> list[str]:
    return [str(event["summary"]) for event in Calendar.from_ical(answer_text).events]


def test_nobody_has_a_calendar_before_they_ask_for_one(browser: Browser, user: User) -> None:
    assert "/calendar/" not in str(browser.page("/account").main.find_all("a"))
    assert user.calendar_number == 0


def test_the_calendar_has_the_partners_deadlines_and_needs_no_signing_in(
    app: Flask, browser: Browser, committed: Session, programme: Programme, user: User
) -> None:
    mine = factories.user(committed, partner=user.partner)
    claims.partner_action_required(committed, programme, filer=mine, now=clock.utcnow(), name="Ours")
    claims.submitted(committed, programme, now=clock.utcnow(), name="Theirs")
    committed.commit()
    answer = app.test_client().get(make_address(browser))
    assert answer.mimetype == "text/calendar"
    assert "Content-Disposition" not in answer.headers
    assert events(answer.text) == ["To be resubmitted: Ours"]


def test_a_reviewers_calendar_has_the_claims_they_hold(
    app: Flask, committed: Session, programme: Programme, sign_in: SignIn
) -> None:
    reviewer = factories.user(committed, Role.REVIEWER)
    claims.under_review(committed, programme, reviewer=reviewer, now=clock.utcnow(), name="Held")
    claims.under_review(committed, programme, now=clock.utcnow(), name="Held by another")
    claims.running(committed, programme, reviewer=reviewer, now=clock.utcnow(), name="With the customer")
    committed.commit()
    path = make_address(sign_in(app.test_client(), reviewer))
    answer = app.test_client().get(path)
    assert events(answer.text) == ["The decision is due: Held"]
    assert "/review/" in answer.text


def test_a_new_address_ends_the_former_one(app: Flask, browser: Browser) -> None:
    first = make_address(browser)
    second = make_address(browser)
    assert first != second
    assert (app.test_client().get(first).status_code, app.test_client().get(second).status_code) == (404, 200)


def test_the_address_of_who_is_not_active_is_nobodys(
    app: Flask, browser: Browser, committed: Session, user: User
) -> None:
    path = make_address(browser)
    committed.refresh(user)
    user.active = False
    committed.commit()
    assert app.test_client().get(path).status_code == 404


def test_an_address_that_was_made_up_is_nobodys(client: Browser, browser: Browser) -> None:
    path = make_address(browser)
    head, _, signature = path.removesuffix(".ics").rpartition(".")
    forged = [f"{head}.{signature[::-1]}.ics", f"{head}.ics", "/calendar/x.ics", "/calendar/WzEsMV0.ics"]
    assert {client.get(each).status_code for each in forged} == {404}


def test_the_address_lives_on_when_a_key_is_put_in_front(
    app: Flask, browser: Browser, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_address(browser)
    newer = replace(settings, secret_keys=("a newer key, which is long enough too", *settings.secret_keys))
    monkeypatch.setitem(app.extensions, "settings", newer)
    assert app.test_client().get(path).status_code == 200
    monkeypatch.setitem(app.extensions, "settings", replace(newer, secret_keys=newer.secret_keys[:1]))
    assert app.test_client().get(path).status_code == 404
