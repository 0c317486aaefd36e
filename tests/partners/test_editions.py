"""The guide's edition on the pages: what can be edited when, and the real numbers of days."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

import cpor_web
from cpor_web.config import Settings
from cpor_web.paths import TEMPLATES
from cpor_web.programme import Programme
from cpor_web.rules.statuses import Status
from tests.partners.conftest import Desk, form_of
from tests.partners.pages import buttons, text_of
from tests.support.browser import Browser


@pytest.fixture
def edition(app: Flask, settings: Settings, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The edition of 2023, with another period of the partner's by hand."""
    of_2023 = Programme.from_settings(replace(settings, guide="2023", partner_days=9))
    monkeypatch.setitem(app.extensions, "programme", of_2023)
    desk.programme = of_2023


@pytest.mark.usefixtures("edition")
def test_in_2023_a_submitted_claim_cannot_be_edited(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.SUBMITTED)
    address = f"/claims/{claim.reference}"
    assert "Edit" not in buttons(browser.page(address))
    assert browser.get(f"{address}/edit").location == address
    assert "cannot be edited" in text_of(browser.page(address))

    typed = form_of(desk.user.partner, partner_contact_name="Ny Name", seen=claim.version)
    answer = browser.submit(f"{address}/edit", typed, page=address)

    assert answer.status_code == 409
    assert desk.now_of(claim).partner_contact_name == "Frida Falk"


@pytest.mark.usefixtures("edition")
def test_in_2023_it_can_be_edited_when_the_reviewer_asks(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.PARTNER_ACTION_REQUIRED)
    edit = f"/claims/{claim.reference}/edit"
    typed = form_of(desk.user.partner, partner_contact_name="Ny Name", seen=claim.version)
    assert browser.submit(edit, typed, page=edit).status_code == 302
    assert desk.now_of(claim).partner_contact_name == "Ny Name"


def test_in_2020_a_submitted_claim_can_be_edited(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.SUBMITTED)
    assert "Edit" in buttons(browser.page(f"/claims/{claim.reference}"))


@pytest.mark.usefixtures("edition")
def test_the_pages_say_the_numbers_that_count(browser: Browser, desk: Desk) -> None:
    """Submitted: 5 of both editions; under review: 14 of 2023."""
    submitted, under_review = desk.claim(Status.SUBMITTED), desk.claim(Status.UNDER_REVIEW)
    assert "It runs for 5 business days" in text_of(browser.page(f"/claims/{submitted.reference}"))
    assert "It runs for 14 business days" in text_of(browser.page(f"/claims/{under_review.reference}"))


@pytest.mark.usefixtures("edition")
def test_the_reviewer_reads_the_period_that_was_set_by_hand(app: Flask, desk: Desk, sign_in: object) -> None:
    claim = desk.claim(Status.UNDER_REVIEW)
    office = sign_in(app.test_client(), desk.reviewer)  # type: ignore[operator]
    assert "The partner then has 9 business days" in text_of(office.page(f"/review/{claim.reference}"))


PERIOD = re.compile(r"\b(\d+|five|seven|ten|fourteen|thirty)[ -](?:business |calendar )?days?\b", re.IGNORECASE)
"""A number of days that is written out, and so would be wrong in another edition."""


def sentences() -> Iterator[tuple[str, str]]:
    """Yield file and text of every template, and of every sentence that the code marks for translation."""
    for path in TEMPLATES.rglob("*"):
        if path.is_file():
            yield path.name, path.read_text(encoding="utf-8")
    for path in Path(cpor_web.__file__).parent.rglob("*.py"):
        for marked in re.findall(r"(?:\bN?_l?|gettext)\(\s*((?:\"[^\"]*\"\s*)+)", path.read_text(encoding="utf-8")):
            yield path.name, marked


def test_no_sentence_names_a_period_by_a_number_of_its_own() -> None:
    assert PERIOD.search("within five business days")
    assert len(list(sentences())) > 300
    assert [(name, found[0]) for name, text in sentences() if (found := PERIOD.search(text))] == []
