"""Numbers too big for the database are no numbers of anything that there is."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from cpor_web.rules.roles import Role
from tests.support import factories
from tests.support.browser import Browser

TOO_BIG = ("9223372036854775808", "9999999999999999999999999", "9" * 5000)
LARGEST = "9223372036854775807"


@pytest.fixture
def browser(client: Browser, committed: Session, sign_in: Callable[..., Browser]) -> Browser:
    """An administrator's, for whom most of the pages are."""
    user = factories.user(committed, Role.ADMINISTRATOR)
    committed.commit()
    return sign_in(client, user)


def test_every_number_in_an_address_has_a_largest(app: Flask) -> None:
    numbered = [rule for rule in app.url_map.iter_rules() if "<int:" in rule.rule]
    assert len(numbered) > 5
    for rule in numbered:
        for name in rule.arguments:
            converter = rule._converters[name]
            assert converter.regex != r"\d+", rule.rule


@pytest.mark.parametrize("number", [*TOO_BIG, LARGEST])
@pytest.mark.parametrize(
    "place", ["/people/{}", "/admin/partners/{}", "/admin/partners/{}/edit", "/admin/mpn-ids/{}"]
)
def test_a_page_with_a_number_too_big_is_not_there(browser: Browser, place: str, number: str) -> None:
    browser.page(place.format(number), status=404)


@pytest.mark.parametrize("number", [*TOO_BIG, LARGEST])
def test_a_mail_with_a_number_too_big_is_not_there(browser: Browser, number: str) -> None:
    assert browser.submit(f"/review/mails/{number}/send-again", page="/review/mails").status_code == 404


@pytest.mark.parametrize("number", [*TOO_BIG, LARGEST, "-1", "x"])
@pytest.mark.parametrize("place", ["/review", "/review/mails", "/review/received", "/admin/assessments"])
def test_a_list_begins_anew_where_there_is_no_such_page(browser: Browser, place: str, number: str) -> None:
    browser.page(f"{place}?after={number}")
