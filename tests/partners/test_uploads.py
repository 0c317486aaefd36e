"""One user's uploads are limited, wherever they come from; what was typed beside one is not lost."""

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from cpor_web.config import Settings
from cpor_web.models import User
from cpor_web.rules.statuses import Status
from tests.partners.conftest import Desk
from tests.partners.pages import a_file, address, text_of
from tests.support import factories
from tests.support.browser import Browser

TOO_MANY = "as many files as can be taken from one person in an hour (2)"
ELSEWHERE = {"REMOTE_ADDR": "198.51.100.9"}


@pytest.fixture(autouse=True)
def few(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "settings", replace(settings, uploads_per_hour=2))


def test_the_third_upload_of_two_is_refused_from_another_address_and_in_another_form_too(
    browser: Browser, desk: Desk, client: Browser, sign_in: Callable[..., Browser], committed: Session, user: User
) -> None:
    claim, rejected = desk.claim(), desk.claim(Status.REJECTED)
    for _ in range(2):
        assert (
            browser.submit(address(claim, "documents"), {"document": a_file()}, page=address(claim)).status_code
            == 302
        )
    again = browser.submit(
        address(claim, "documents"), {"document": a_file()}, page=address(claim), environ_base=ELSEWHERE
    )
    assert (again.status_code, TOO_MANY in again.text) == (422, True)
    dispute = {"justification": "Signed on page 3.", "document": a_file()}
    answer = browser.submit(address(rejected, "dispute"), dispute, page=address(rejected))
    assert (answer.status_code, TOO_MANY in answer.text, "Signed on page 3." in answer.text) == (422, True, True)
    table = {"table": (io.BytesIO(b"Claim name\nTeams\n"), "claims.csv")}
    answer = browser.submit("/claims/import", table, page="/claims/import")
    assert (answer.status_code, TOO_MANY in answer.text) == (422, True)
    assert len(desk.documents_of(claim)) == 2
    assert user.partner is not None
    colleague = factories.user(committed, partner=user.partner)
    committed.commit()
    other = sign_in(client.application.test_client(), colleague)
    assert other.submit(address(claim, "documents"), {"document": a_file()}, page=address(claim)).status_code == 302


def test_words_without_a_document_are_not_counted(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.SUBMITTED)
    for number in range(3):
        browser.submit(address(claim, "comments"), {"comment": f"Word {number}"}, page=address(claim))
    assert "Word 2" in text_of(browser.page(address(claim)))
