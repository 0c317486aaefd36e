from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.admin import overview
from cpor_web.incoming import receiving
from cpor_web.models import Breaker, Checkpoint, Heartbeat, Mail, MailState
from cpor_web.rules.roles import Role
from cpor_web.silence import unread
from tests.support import factories
from tests.support.browser import Browser
from tests.support.live_worker import worker as worker

PAGES = ("", "/partners", "/users", "/assessments", "/holding", "/calendar", "/catalogue", "/settings")


def mail(session: Session, state: MailState, due: datetime | None, *, ended: datetime | None = None) -> None:
    session.add(
        Mail(
            kind="overdue-digest",
            to_address="admin@vendor.example.com",
            language="en",
            state=state,
            queued_at=datetime.now(UTC),
            due_at=due,
            ended_at=ended,
            sent_at=ended if state in {MailState.SENT, MailState.BOUNCED} else None,
            bounced_at=ended if state is MailState.BOUNCED else None,
            message_id=f"<{uuid4()}@vendor.example.com>" if ended else None,
        )
    )
    session.commit()


def facts(page: BeautifulSoup, section: str) -> dict[str, str]:
    """Return what a section of the overview tells, by its names."""
    told = page.select_one(f"[aria-labelledby={section}] dl")
    return {dt.get_text(): dd.get_text(" ").strip() for dt, dd in zip(told("dt"), told("dd"), strict=True)}


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.GLOBAL_ADMIN, Role.VIEWER])
def test_only_administrators_find_these_pages(
    client: Browser, sign_in: Callable[..., Browser], committed: Session, role: Role
) -> None:
    stranger = factories.user(committed, role)
    committed.commit()
    sign_in(client, stranger)

    assert {client.get(f"/admin{path}").status_code for path in PAGES} == {404}


@pytest.mark.parametrize("path", PAGES)
def test_every_page_leads_to_the_others_and_says_which_it_is(office: Browser, path: str) -> None:
    page = office.page(f"/admin{path}")

    assert [link["href"] for link in page.select(".tabs a")] == [f"/admin{each}" for each in PAGES]
    assert page.select_one(".tabs a[aria-current]")["href"] == f"/admin{path}"


def test_a_ticker_that_never_ticked_is_told_of(office: Browser) -> None:
    page = office.page("/admin").main.get_text()

    assert "Has never ticked" in page
    assert "The ticker is silent" in page
    assert "Answers: PostgreSQL 1" in page


@pytest.mark.parametrize(("minutes", "silent"), [(1, False), (11, True)])
def test_a_ticker_is_silent_after_ten_minutes(
    office: Browser, committed: Session, minutes: int, silent: bool
) -> None:
    committed.add(Heartbeat(name="ticker", at=datetime.now(UTC) - timedelta(minutes=minutes)))
    committed.commit()

    page = office.page("/admin").main.get_text()

    assert f"Ticked {minutes} minute" in page
    assert ("The ticker is silent" in page) is silent


def test_a_worker_is_missed_until_one_gives_a_sign_of_life(office: Browser, request: pytest.FixtureRequest) -> None:
    without = office.page("/admin").main.get_text()
    request.getfixturevalue("worker")
    with_one = office.page("/admin")

    assert "No worker gives a sign of life: mail waits" in without
    assert "No worker" not in with_one.main.get_text()
    assert facts(with_one, "health")["Workers"] == "1"


def test_a_redis_that_is_away_is_told_of(office: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "in_redis", lambda: None)
    page = office.page("/admin")

    assert "Redis does not answer or takes no writes: mail waits" in page.main.get_text()
    assert facts(page, "health")["Workers"] == "Not known: Redis does not answer"


def test_the_outbox_is_counted_by_state_and_the_longest_waiting_mail_is_named(
    office: Browser, committed: Session
) -> None:
    now = datetime.now(UTC)
    mail(committed, MailState.QUEUED, now - timedelta(hours=3))
    mail(committed, MailState.QUEUED, now - timedelta(hours=1))
    mail(committed, MailState.DEFERRED, now + timedelta(hours=1))
    mail(committed, MailState.REFUSED, None)

    page = office.page("/admin")

    counts = {row.th.get_text(): row.td.get_text() for row in page.select("table tbody tr")}
    assert (counts["Queued"], counts["Not delivered"], counts["Sent"]) == ("2", "1", "0")
    assert "Due 3 hours ago" in page.main.get_text()


def test_mail_that_waits_for_a_later_attempt_is_not_late(office: Browser, committed: Session) -> None:
    mail(committed, MailState.DEFERRED, datetime.now(UTC) + timedelta(hours=1))

    assert "None waits" in office.page("/admin").main.get_text()


def test_mail_that_was_put_off_while_none_was_taken_is_told_of(office: Browser, committed: Session) -> None:
    mail(committed, MailState.DEFERRED, datetime.now(UTC) + timedelta(hours=1))
    waiting = committed.scalars(select(Mail)).one()
    waiting.first_tried_at = datetime.now(UTC) - timedelta(hours=3)
    committed.commit()
    told = facts(office.page("/admin").main, "outbox")["Longest waiting mail"]
    assert told.startswith("Put off by the mail server 3 hours ago; none was taken since")


def test_a_paused_way_out_is_told_of_with_its_reason(office: Browser, committed: Session) -> None:
    until = datetime.now(UTC) + timedelta(minutes=5)
    committed.add(Breaker(name="smtp", failures=4, open_until=until, why="certificate has expired"))
    committed.commit()

    assert "Sending is paused after 4 failures: certificate has expired." in office.page("/admin").main.get_text()


def test_the_outbox_says_how_quickly_it_goes_out_what_failed_and_what_needs_a_person(
    office: Browser, committed: Session
) -> None:
    now = datetime.now(UTC)
    for seconds, state in ((20, "sent"), (600, "sent"), (600, "bounced"), (7200, "sent"), (600, "refused")):
        mail(committed, MailState(state), None, ended=now - timedelta(seconds=seconds))
    mail(committed, MailState.UNKNOWN, None, ended=now - timedelta(hours=25))

    told = facts(office.page("/admin"), "outbox")

    assert told["Taken by the mail server"] == "1 in the last minute, 3 in the last hour"
    assert told["Failed in the last 24 hours"] == "2"
    assert told["Need a person"] == "3"


@pytest.fixture
def _with_mailbox(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "programme", replace(app.extensions["programme"], has_mailbox=True))


def test_without_a_mailbox_nothing_is_said_of_one(office: Browser) -> None:
    assert "ailbox" not in office.page("/admin").main.get_text()
    assert "mailbox_read_seconds" not in office.get("/readyz").json


@pytest.mark.usefixtures("_with_mailbox")
def test_a_mailbox_that_was_never_read_to_its_end_is_told_of(office: Browser) -> None:
    page = office.page("/admin").main.get_text()

    assert "Was never read to its end" in page
    assert "what is due since then waits" in page
    assert office.get("/readyz").json["mailbox_read_seconds"] is None


@pytest.mark.usefixtures("_with_mailbox")
@pytest.mark.parametrize(("minutes", "is_behind"), [(4, False), (6, True)])
def test_a_mailbox_is_behind_after_five_minutes(
    office: Browser, committed: Session, minutes: int, is_behind: bool
) -> None:
    unread.note_emptied(committed, begun_at=datetime.now(UTC) - timedelta(minutes=minutes))
    committed.commit()
    page = office.page("/admin").main.get_text()

    assert f"Read to its end {minutes} minutes ago" in page
    assert ("what is due since then waits" in page) is is_behind
    assert 60 * minutes <= office.get("/readyz").json["mailbox_read_seconds"] < 60 * minutes + 60


@pytest.mark.usefixtures("_with_mailbox")
def test_what_a_clock_noted_that_was_ahead_is_no_sign_of_life(office: Browser, committed: Session) -> None:
    for name in ("ticker", unread.EMPTIED):
        committed.merge(Heartbeat(name=name, at=datetime.now(UTC) + timedelta(hours=2)))
    committed.commit()
    page = office.page("/admin").main.get_text()

    assert "The ticker is silent" in page
    assert "what is due since then waits" in page
    assert office.get("/readyz").json["mailbox_read_seconds"] is None


def test_a_mailbox_that_cannot_be_read_is_told_of_with_its_reason(office: Browser, committed: Session) -> None:
    until = datetime.now(UTC) + timedelta(minutes=5)
    committed.add(Breaker(name="mailbox", failures=4, open_until=until, why="no such user"))
    committed.commit()

    assert "The mailbox could not be read 4 times: no such user." in office.page("/admin").main.get_text()


def test_mails_that_were_set_aside_are_told_of_for_a_week(office: Browser, committed: Session) -> None:
    for days in (1, 6, 8):
        receiving.set_aside(committed, b"%d" % days, now=datetime.now(UTC) - timedelta(days=days))
    committed.commit()

    assert "2 mails of the last week could not be stored." in office.page("/admin").main.get_text()


def test_the_newest_checkpoint_is_named(office: Browser, committed: Session) -> None:
    assert "None yet" in office.page("/admin").main.get_text()
    assert office.get("/readyz").json["checkpoint_seconds"] is None
    for number, hours in ((1, 5), (2, 3)):
        at = datetime.now(UTC) - timedelta(hours=hours)
        committed.add(Checkpoint(number=number, at=at, previous=b"\0" * 32, heads=[], signature={}))
    committed.commit()

    assert "Signed 3 hours ago" in office.page("/admin").main.get_text()
    assert 3 * 3600 <= office.get("/readyz").json["checkpoint_seconds"] < 3 * 3600 + 60
