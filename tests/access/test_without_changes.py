"""While the database takes no changes, what only shows something is shown to whoever may see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, text, update

from cpor_web.extensions import db
from cpor_web.models import SignIn
from cpor_web.users.sessions import NOTED_EVERY
from tests.access.places import Places, lines
from tests.access.table import MAY
from tests.support.everybody import Everybody, Kind

UNAVAILABLE = {
    "GET /readyz",  # it says so
    "GET /claims/<reference>/documents/<document_id>",  # no document is fetched without a note of it
    "GET /review/<reference>/documents/<document_id>",
    "GET /review/<reference>/documents/<document_id>/shown",
    "GET /account/passkeys",  # a passkey is about to be added
}
"""What is answered 503, for it is no mere showing."""


@contextmanager
def takes_no_changes(app: Flask, engine: Engine) -> Iterator[None]:
    """Let the database take no changes for a while, over connections made since, as a standby does."""

    def say(how: str) -> None:
        connection.execute(text(f"ALTER DATABASE {engine.url.database} {how}"))
        with app.app_context():
            db.engine.dispose()

    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        say("SET default_transaction_read_only = on")
        try:
            yield
        finally:
            say("RESET default_transaction_read_only")


@pytest.fixture(scope="module")
def long_seen(everybody: Everybody) -> None:
    """Everybody signed in some time ago: that they are seen again is to be noted."""
    with everybody.engine.begin() as connection:
        connection.execute(update(SignIn).values(seen_at=SignIn.seen_at - NOTED_EVERY - timedelta(minutes=1)))


@pytest.mark.parametrize("kind", Kind)
def test_pages_that_only_show_something_work(
    everybody: Everybody, places: Places, long_seen: None, kind: Kind
) -> None:
    with takes_no_changes(everybody.app, everybody.engine):
        answers = {
            line: everybody.browser(kind).get(places.path(line, rule)).status_code
            for line, rule in lines(everybody.app)
            if line.startswith("GET") and kind in MAY[line]
        }
    assert {line for line, status in answers.items() if status >= 500} == UNAVAILABLE & answers.keys()
