"""What a customer's page and a denial ask of the database: how much, not how quickly."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import event

from cpor_web.extensions import db
from tests.customers.conftest import Asked, Deny
from tests.support.browser import Browser

MOST_TO_OPEN = 2
MOST_TO_DENY = 8
"""Statements, the access log's one among them. More products or contacts add none."""


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """The statements that the application has sent so far."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        sent.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def test_opening_the_page_takes_no_more_statements(asked: Asked, customer: Browser, statements: list[str]) -> None:
    customer.get(asked.path())

    assert 0 < len(statements) <= MOST_TO_OPEN, "\n".join(statements)


def test_a_denial_takes_no_more_statements(asked: Asked, deny: Deny, statements: list[str]) -> None:
    assert deny(asked).status_code == 303

    assert 0 < len(statements) <= MOST_TO_DENY, "\n".join(statements)


def test_claim_and_round_are_locked_by_statements_without_joins(
    asked: Asked, deny: Deny, statements: list[str]
) -> None:
    deny(asked)

    claim, round_ = [each for each in statements if "FOR NO KEY UPDATE" in each]
    assert claim.endswith("FOR NO KEY UPDATE OF claims")
    assert round_.endswith("FOR NO KEY UPDATE OF rounds")
    assert "JOIN" not in claim + round_
