"""The access log: every request on a link of ours is noted, and none is refused, slowed down or lost by it."""

import time
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from consent_links import new_id
from cpor_web import clock
from cpor_web.consent.standing import Ask, Standing, standing_of
from cpor_web.customers import blueprint
from cpor_web.customers.openings import OPENINGS
from cpor_web.emails.links import Purpose
from cpor_web.extensions import db
from cpor_web.models import Claim, Client, Opening
from tests.customers.conftest import Asked, Deny
from tests.support.browser import Browser

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
def test_each_request_on_a_link_is_one_line(asked: Asked, customer: Browser, purpose: Purpose, method: str) -> None:
    customer.open(asked.path(purpose), method=method, headers={"User-Agent": AGENT})

    (line,) = asked.openings()
    assert (line.invitation_id, line.page, line.method) == (asked.invitation.id, purpose.value, method)
    assert (line.client, line.agent) == (Client.BROWSER, AGENT)


def test_a_line_has_the_moment_of_its_request(asked: Asked, customer: Browser, now: datetime) -> None:
    customer.get(asked.path())

    assert 0 <= (asked.openings()[0].at - now).total_seconds() < 60


def test_a_line_is_noted_where_the_connection_had_all_that_was_prepared_forgotten(
    app: Flask, asked: Asked, customer: Browser
) -> None:
    customer.get(asked.path())
    with app.app_context(), db.engine.connect() as connection:
        assert connection.info, "another connection than the page's"
        connection.exec_driver_sql("DEALLOCATE ALL")

    customer.get(asked.path())
    customer.get(asked.path())

    assert len(asked.openings()) == 3


def test_a_line_is_noted_where_a_pool_has_another_line_to_the_database_each_time(
    app: Flask, asked: Asked, customer: Browser
) -> None:
    customer.get(asked.path())
    with app.app_context(), db.engine.connect() as connection:
        # As if it had been prepared on this line of the pool, and another one had been told.
        del connection.info["note_openings"]

    customer.get(asked.path())
    customer.get(asked.path())

    assert len(asked.openings()) == 3


def test_what_an_answer_left_open_is_over_before_its_line_is_written(
    app: Flask, asked: Asked, customer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    openings, were_open, view = app.extensions[OPENINGS], [], app.view_functions["customers.link"]
    note = openings.do

    def left_open(**about: str) -> object:
        db.session.execute(text("SELECT 1"))
        return view(**about)

    def noted(line: dict[str, str]) -> None:
        were_open.append(db.session().in_transaction())
        note(line)

    monkeypatch.setitem(app.view_functions, "customers.link", left_open)
    monkeypatch.setattr(openings, "do", noted)
    customer.get(asked.path())

    assert were_open == [False], "two connections are held at once"


def test_the_log_keeps_no_address_of_the_network_and_no_link() -> None:
    kept = {column.name for column in Opening.__table__.columns}

    assert kept == {"id", "invitation_id", "at", "page", "method", "client", "agent"}


def test_wrong_links_leave_no_line(asked: Asked, customer: Browser) -> None:
    unknown = asked.signers.url(Purpose.DENY, new_id()).rpartition("/")[2]
    for path in (f"{asked.path()}x", asked.path()[:-1], f"/u/{asked.token()}", f"/d/{unknown}", "/d/"):
        for method in ("GET", "HEAD", "OPTIONS", "POST"):
            customer.open(path, method=method)

    assert asked.openings() == []


def test_a_request_that_was_refused_is_noted_too(asked: Asked, customer: Browser) -> None:
    assert customer.post(asked.path(), data={"words": "x" * 100_000}).status_code == 413
    assert customer.get(asked.path(Purpose.ONE_CLICK)).status_code == 405

    assert [line.page for line in asked.openings()] == ["d", "o"]


@pytest.mark.parametrize("agent", ["", "x" * 5000, "a\tb\x80\x9f\xad", "'; DROP TABLE openings; --", "%s%(x)s{0}"])
def test_whatever_a_client_calls_itself_is_stored_short_and_plain(
    asked: Asked, customer: Browser, agent: str
) -> None:
    assert customer.get(asked.path(), headers={"User-Agent": agent}).status_code == 200

    (line,) = asked.openings()
    assert len(line.agent) <= 200
    assert line.agent.isprintable()


def test_a_line_can_neither_be_changed_nor_removed(asked: Asked, customer: Browser, engine: Engine) -> None:
    customer.get(asked.path())
    for statement in ("UPDATE openings SET client = 'browser'", "DELETE FROM openings", "TRUNCATE openings"):
        with engine.connect() as connection, pytest.raises(DBAPIError, match="openings"):
            connection.execute(text(statement))


def test_lines_of_several_requests_are_written_together(app: Flask, asked: Asked) -> None:
    line = {"at": clock.utcnow().isoformat(), "page": "d", "method": "GET", "client": "browser"}
    lines = [{**line, "link": asked.invitation.link_id.hex(), "agent": agent} for agent in "abc"]

    with app.test_request_context():
        app.extensions[OPENINGS]._work(lines)

    assert {each.agent for each in asked.openings()} == set("abc")


# It decides nothing


def broken(*_: Any) -> None:
    raise OperationalError("INSERT", {}, Exception("the disk is full"))


def test_without_the_log_pages_and_denials_go_on(
    asked: Asked, customer: Browser, deny: Deny, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("cpor_web.customers.openings._write", broken)

    assert customer.get(asked.path()).status_code == 200
    assert deny(asked).status_code == 303

    assert asked.fresh().claim.status.value == "rejected"
    assert asked.openings() == []
    assert "could not be noted" in caplog.text
    assert asked.token() not in caplog.text


@pytest.mark.parametrize("is_first", [True, False], ids=["first line of a connection", "later line"])
def test_a_log_that_is_stalled_keeps_no_denial_waiting(
    asked: Asked, customer: Browser, deny: Deny, engine: Engine, caplog: pytest.LogCaptureFixture, is_first: bool
) -> None:
    with customer.application.app_context():
        db.engine.dispose()
    if not is_first:
        customer.get(asked.path())
    with engine.begin() as elsewhere:
        elsewhere.execute(text("LOCK TABLE openings IN ACCESS EXCLUSIVE MODE"))
        began = time.perf_counter()
        assert deny(asked).status_code == 303
        took = time.perf_counter() - began

        assert asked.answers(), "the denial waits for the log"
        assert took < 8, "it waited as long as a row may be waited for"
    assert "could not be noted" in caplog.text


def test_what_the_answer_left_undone_is_not_done_by_the_log(
    asked: Asked, customer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim_id = asked.claim.id

    def changing(ask: Ask, link_id: bytes, *, now: datetime) -> Standing | None:
        db.session.get_one(Claim, claim_id).name = "half done"
        db.session.flush()
        return standing_of(ask, link_id, now=now)

    monkeypatch.setattr(blueprint, "standing_of", changing)

    assert customer.get(asked.path()).status_code == 200
    assert len(asked.openings()) == 1
    assert asked.claim.name != "half done"
