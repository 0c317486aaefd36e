"""A customer's page speaks one language: the contact's, or the one that was chosen, whatever the browser prefers."""

from typing import Any

import pytest

from cpor_web.emails.links import Purpose
from tests.customers.conftest import Asked, Deny
from tests.support.browser import Browser

NOTHING_CHOSEN: dict[str, tuple[Purpose, dict[str, str], int]] = {
    "deny": (Purpose.DENY, {}, 422),
    "deny, in too many words": (Purpose.DENY, {"reason": "other", "words": "x" * 2001}, 422),
    "no objection": (Purpose.DENY, {"answer": "no-objection"}, 422),
    "not the right person": (Purpose.DENY, {"answer": "not-the-right-person"}, 422),
    "restore": (Purpose.UNDO, {}, 422),
    "restore what was not denied": (Purpose.UNDO, {"was_mistaken": "y"}, 409),
    "confirm": (Purpose.YES, {}, 422),
}


@pytest.mark.parametrize("query", ["", "?lang=sv"])
@pytest.mark.parametrize("form", NOTHING_CHOSEN)
def test_a_form_that_comes_back_speaks_the_language_of_its_page(
    request: pytest.FixtureRequest, customer: Browser, deny: Deny, form: str, query: str
) -> None:
    purpose, sent, status = NOTHING_CHOSEN[form]
    asked: Asked = request.getfixturevalue("asked_again" if form == "confirm" else "asked")
    asked.invitation.contact.language = "de"
    asked.session.commit()
    if form == "restore":
        deny(asked)

    def answer(browsers: str) -> Any:
        return customer.post(asked.path(purpose) + query, data=sent, headers={"Accept-Language": browsers})

    page = answer("de")

    assert page.status_code == status
    assert f'<html lang="{"sv" if query else "de"}">' in page.text
    assert answer("en").text == page.text


@pytest.mark.parametrize(("language", "number"), [("en", "2,000"), ("de", "2.000"), ("sv", "2\xa0000")])
def test_numbers_are_written_as_the_language_of_the_page_does(
    asked: Asked, customer: Browser, language: str, number: str
) -> None:
    customer.get(f"{asked.path()}?lang=en")  # what is drawn or compiled first must not say how the next one is

    page = customer.get(f"{asked.path()}?lang={language}").text
    refused = customer.post(f"{asked.path()}?lang={language}", data={"reason": "other", "words": "x" * 2001}).text

    assert number in page
    assert refused.count(number) == 3
