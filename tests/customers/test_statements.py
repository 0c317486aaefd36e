"""What a customer's page and a denial ask of the database: how much, not how quickly."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from cpor_web.customers.blueprint import DRAWN
from cpor_web.models import User
from cpor_web.web.holes import Pages
from tests.customers.conftest import Asked, Deny
from tests.support.browser import Browser
from tests.support.statements import sent_by

MOST_TO_OPEN = 2
MOST_TO_DENY = 5
"""Statements, the access log's one among them. More products or contacts add none."""


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """The statements that the application has sent so far, but for what each connection is told once."""
    with sent_by(app) as said:
        yield said


def test_opening_the_page_takes_no_more_statements(asked: Asked, customer: Browser, statements: list[str]) -> None:
    customer.get(asked.path())

    assert 0 < len(statements) <= MOST_TO_OPEN, "\n".join(statements)


def test_it_takes_no_more_for_somebody_who_is_signed_in_be_it_the_first_to_see_it(
    app: Flask,
    asked: Asked,
    client: Browser,
    statements: list[str],
    sign_in: Callable[[Browser, User], Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(app.extensions, DRAWN, Pages())
    sign_in(client, asked.claim.filed_by)
    statements.clear()

    client.get(asked.path())

    assert 0 < len(statements) <= MOST_TO_OPEN, "\n".join(statements)


def test_a_denial_takes_no_more_statements(asked: Asked, deny: Deny, statements: list[str]) -> None:
    assert deny(asked).status_code == 303

    assert 0 < len(statements) <= MOST_TO_DENY, "\n".join(statements)


def test_claim_round_and_history_are_locked_in_this_order_without_joins(
    asked: Asked, deny: Deny, statements: list[str]
) -> None:
    deny(asked)

    rows, head = [each for each in statements if "FOR NO KEY UPDATE" in each]
    assert re.findall(r"UPDATE OF (\w+)", rows) == ["claims", "rounds"]
    assert "FROM history_heads" in head
    assert "JOIN" not in rows + head
