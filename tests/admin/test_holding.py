"""The page on which an administrator sees why nothing is closed, and releases it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from cpor_web.models import Claim, Holding, Mail, MailState, User
from cpor_web.programme import Programme
from cpor_web.rules.roles import Role
from cpor_web.silence import holding
from tests.support import claims, factories
from tests.support.browser import Browser

PAGE = "/admin/holding"


@pytest.fixture
def held(committed: Session) -> Holding:
    made = Holding(began_at=datetime.now(UTC) - timedelta(hours=2), notices=41, failed=23)
    committed.add(made)
    committed.commit()
    return made


def failed(session: Session, programme: Programme, *answers: str) -> list[Claim]:
    """Claims whose notices ended so, a few minutes ago."""
    at = datetime.now(UTC) - timedelta(minutes=5)
    several = []
    for answer in answers:
        claim = claims.running(session, programme, now=at)
        notice = claims.mail_of(session, claim, "consent-notice")
        notice.state, notice.answer = MailState.REFUSED, answer
        several.append(claim)
    session.commit()
    return several


def test_without_a_holding_it_says_so_and_offers_no_release(office: Browser) -> None:
    page = office.page(PAGE)
    assert "Closing is not held" in page.main.get_text()
    assert "No notice failed since" in page.main.get_text()
    assert page.main.find("button", string="Release") is None


def test_it_shows_what_failed_grouped_by_what_was_said_without_addresses(
    office: Browser, held: Holding, committed: Session, programme: Programme
) -> None:
    first, second, third = failed(
        committed,
        programme,
        "550 5.1.1 <carla@contoso.example.com>: no such user",
        "550 5.1.1 <kim@adatum.example.org>: no such user",
        "554 5.7.1 listed as a source of spam",
    )
    page = office.page(PAGE)
    (table,) = (each for each in page.select("table") if "Answer" in each.thead.get_text())
    rows = [[" ".join(cell.get_text(" ").split()) for cell in row("td")] for row in table.select("tbody tr")]
    assert [row.th.get_text() for row in table.select("tbody tr")] == [
        "550 5.1.1 …: no such user",
        "554 5.7.1 listed as a source of spam",
    ]
    assert rows[0][0] == "2"
    assert set(rows[0][1].split()) == {first.reference, second.reference}
    assert rows[1] == ["1", third.reference]
    facts = page.select_one("dl.facts").get_text(" ")
    assert "23 of 41 notices" in facts
    assert "3 of 3 notices" in facts


def test_after_a_restore_it_says_from_when_the_backup_is_and_that_answers_may_be_lost(
    office: Browser, committed: Session
) -> None:
    holding.hold_after_restore(committed, datetime(2026, 11, 16, 2, 0, tzinfo=UTC), now=datetime.now(UTC))
    committed.commit()
    facts = office.page(PAGE).select_one("dl.facts").get_text(" ")
    assert "Restored from the backup of Monday, 16 November 2026, 03:00:00 CET" in " ".join(facts.split())
    assert "Undelivered when it began" not in facts
    assert "The database was restored from a backup" in office.page("/admin").main.get_text()
    office.submit(f"{PAGE}/release", {"reason": "All customers were asked."}, page=PAGE)
    assert "A backup was restored" in office.page(PAGE).main.get_text()


def test_a_release_with_a_reason_ends_it_and_stays_on_record(
    office: Browser, held: Holding, committed: Session, administrator: User
) -> None:
    answer = office.submit(f"{PAGE}/release", {"reason": "The relay was blocked; it is not any more."}, page=PAGE)
    assert answer.location == PAGE
    page = office.page(PAGE).main.get_text(" ")
    assert "Closing is not held" in page
    assert "Alex Darrow" in page
    assert "The relay was blocked; it is not any more." in page
    committed.refresh(held)
    assert held.released_by_id == administrator.id


@pytest.mark.parametrize("reason", ["", "   ", "x" * 2001])
def test_without_a_fitting_reason_nothing_is_released_and_what_was_typed_stays(
    office: Browser, held: Holding, committed: Session, reason: str
) -> None:
    answer = office.submit(f"{PAGE}/release", {"reason": reason}, page=PAGE)
    assert answer.status_code == 422
    assert reason.strip() in answer.text
    assert 'aria-invalid="true"' in answer.text
    committed.refresh(held)
    assert held.released_at is None


def test_who_comes_second_is_told(office: Browser, held: Holding, committed: Session) -> None:
    office.submit(f"{PAGE}/release", {"reason": "First."}, page=PAGE)
    office.submit(f"{PAGE}/release", {"reason": "Second."}, page="/admin")
    page = office.page(PAGE).main.get_text()
    assert "Closing is not held. Perhaps another administrator has released it." in page
    assert committed.scalars(select(Holding.reason).execution_options(populate_existing=True)).all() == ["First."]


def test_a_page_of_an_earlier_holding_releases_no_later_one_and_keeps_the_reason(
    office: Browser, held: Holding, committed: Session, administrator: User
) -> None:
    def press(page: BeautifulSoup) -> TestResponse:
        (form,) = page.select(f"form[action='{PAGE}/release']")
        hidden = {field["name"]: field["value"] for field in form("input", type="hidden")}
        return office.post(form["action"], data=hidden | {"reason": "The relay works."})

    old = office.page(PAGE)
    held.released_at, held.released_by_id, held.reason = datetime.now(UTC), administrator.id, "Mended."
    committed.flush()
    committed.add(later := Holding(began_at=datetime.now(UTC), notices=60, failed=50))
    committed.commit()

    answer = press(old)

    assert answer.status_code == 409
    assert "Another holding has begun since you opened this page." in answer.text
    assert "The relay works.</textarea>" in answer.text
    committed.refresh(later)
    assert later.released_at is None
    assert press(BeautifulSoup(answer.text, "html.parser")).location == PAGE


def test_while_it_is_held_the_overview_and_the_review_queue_say_so(
    office: Browser, committed: Session, held: Holding
) -> None:
    for path in ("/admin", "/review"):
        (notice,) = office.page(path).select("[role=alert] a[href='/admin/holding']")
        assert "release" in notice.get_text()
    held.released_at, held.released_by_id, held.reason = datetime.now(UTC), _somebody(committed), "Mended."
    committed.commit()
    for path in ("/admin", "/review"):
        assert "All closing is held" not in office.page(path).main.get_text()


def test_a_reviewer_reads_it_and_is_offered_no_release(
    client: Browser, sign_in: Callable[..., Browser], committed: Session, held: Holding
) -> None:
    reviewer = factories.user(committed, Role.REVIEWER)
    committed.commit()
    page = sign_in(client, reviewer).page("/review")
    assert "All closing is held." in page.main.get_text()
    assert page.select("a[href='/admin/holding']") == []
    assert client.submit(f"{PAGE}/release", {"reason": "I may not."}, page="/review").status_code == 404


@pytest.mark.parametrize(
    ("make", "path"), [(claims.running, "/claims/{}"), (claims.partner_action_required, "/review/{}")]
)
def test_the_page_of_a_claim_says_that_closing_is_held(
    client: Browser,
    sign_in: Callable[..., Browser],
    committed: Session,
    programme: Programme,
    held: Holding,
    make: Callable[..., Claim],
    path: str,
) -> None:
    claim = make(committed, programme, now=datetime.now(UTC))
    committed.commit()
    assert claim.reviewer is not None
    sign_in(client, claim.filed_by if path.startswith("/claims") else claim.reviewer)
    assert "The operator holds all closing" in client.page(path.format(claim.reference)).main.get_text()


def test_readiness_says_it_and_stays_as_it_is(app: Flask, client: Browser, held: Holding) -> None:
    answer = client.get("/readyz")
    assert answer.json["holding"] is True
    assert (answer.status_code, answer.json["degraded"]) == (200, ["ticker", "workers"])


def test_readiness_tells_the_outbox_in_numbers_without_a_servers_words(client: Browser, committed: Session) -> None:
    now = datetime.now(UTC)
    for state, due in ((MailState.QUEUED, now - timedelta(hours=1)), (MailState.REFUSED, None)):
        mail = Mail(kind="invitation", to_address="x@adatum.example.org", language="en", state=state, queued_at=now)
        mail.due_at, mail.message_id = due, f"<{state}@vendor.example.com>"
        mail.ended_at, mail.answer = (None if due else now), "550 secret words"
        committed.add(mail)
    committed.commit()
    answer = client.get("/readyz")
    outbox = answer.json["outbox"]
    assert (outbox["waiting"], outbox["due"], outbox["failed_in_a_day"], outbox["for_a_person"]) == (1, 1, 1, 1)
    assert 3600 <= outbox["oldest_due_seconds"] < 3700
    assert "secret" not in answer.text


def _somebody(session: Session) -> int:
    return factories.user(session, Role.ADMINISTRATOR).id
