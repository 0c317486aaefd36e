"""Earnings shows what is approved and eligible."""

import csv
import io
from uuid import uuid4

import pytest
from bs4 import Tag
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.assessment import assess
from cpor_web.claims import competing, operations
from cpor_web.models import Assessment, AssessmentState, Claim, Round, User
from cpor_web.rules.statuses import Status
from tests.partners.conftest import TENANT, Desk
from tests.support import claims
from tests.support.assessments import PASSED, deny, passed
from tests.support.browser import Browser


@pytest.mark.parametrize("state", list(AssessmentState))
def test_only_what_is_eligible_is_among_the_earnings(
    browser: Browser, committed: Session, desk: Desk, state: AssessmentState
) -> None:
    claim = desk.claim(Status.APPROVED)
    round_ = committed.scalars(select(Round)).one()
    now = clock.utcnow()
    committed.add(
        Assessment(claim_id=claim.id, round_id=round_.id, state=state, reasons=[], queued_at=now, assessed_at=now)
    )
    committed.commit()
    page = browser.page("/earnings")
    assert isinstance(page.main, Tag)
    assert (TENANT in page.main.get_text()) == (state is AssessmentState.ELIGIBLE)


def test_what_may_end_is_marked_on_the_page_and_in_the_table(
    browser: Browser, committed: Session, user: User, app: Flask
) -> None:
    stands, contested = (eligible(committed, app, user) for _ in range(2))
    programme = app.extensions["programme"]
    rival = claims.under_review(committed, programme)
    about = {"actor": rival.reviewer.actor, "now": clock.utcnow(), "programme": programme}
    rival.tenant_id = uuid4()  # nothing of theirs but what is decided below
    operations.approve(committed, rival, **about)
    competing.put_over(
        committed, rival, [contested.claim], "The newer order.", actor=about["actor"], now=about["now"]
    )
    committed.commit()
    page = browser.page("/earnings")
    assert isinstance(page.main, Tag)
    rows = {row.a.get_text(): row.get_text(" ") for row in page.main.select("tbody tr") if row.a}
    assert {name for name, text in rows.items() if "May end" in text} == {contested.claim.name}
    table = csv.DictReader(io.StringIO(browser.get("/earnings.csv").text.lstrip("\ufeff")))
    said = {row["Reference"]: row["May end"] for row in table}
    assert said[stands.claim.reference] == ""
    assert "ends if the customer does not deny another partner's claim" in said[contested.claim.reference]


def test_what_ended_afterwards_stays_among_the_earnings_and_is_marked(
    browser: Browser, committed: Session, user: User, app: Flask
) -> None:
    stands, ended = (eligible(committed, app, user) for _ in range(2))
    deny(committed, app.extensions["programme"], ended.claim)
    committed.commit()

    page = browser.page("/earnings")

    assert isinstance(page.main, Tag)
    rows = {row.a.get_text(): row.get_text(" ") for row in page.main.select("tbody tr") if row.a}
    assert len(rows) == 2
    marked = {name for name, text in rows.items() if "Association ended" in text}
    assert marked == {ended.claim.name}
    total = page.main.select("[aria-labelledby=totals] tbody tr > *")
    assert [cell.get_text() for cell in total] == ["Contoso", str(stands.claim.tenant_id), "1", "1"]
    header, *lines = csv.reader(io.StringIO(browser.get("/earnings.csv").data.decode("utf-8-sig")))
    told = {line[header.index("Reference")]: line for line in lines}
    end = header.index("Association ended")
    assert told[stands.claim.reference][end] == ""
    assert told[ended.claim.reference][end] != ""
    assert told[stands.claim.reference][0] == str(stands.claim.tenant_id)


def eligible(session: Session, app: Flask, user: User) -> Assessment:
    number = len(session.scalars(select(Claim)).all())
    record = passed(session, app.extensions["programme"], filer=user, name=f"Claim {number}")
    assess(session, record.id, now=PASSED, programme=app.extensions["programme"])
    return record


def test_the_claim_says_how_it_was_assessed_and_why(browser: Browser, committed: Session, desk: Desk) -> None:
    claim = desk.claim(Status.APPROVED)
    round_ = committed.scalars(select(Round)).one()
    now = clock.utcnow()
    why = "This activity never earns incentives."
    committed.add(
        Assessment(
            claim_id=claim.id,
            round_id=round_.id,
            state=AssessmentState.NOT_ELIGIBLE,
            reasons=[why],
            queued_at=now,
            assessed_at=now,
        )
    )
    committed.commit()
    section = browser.page(f"/claims/{claim.reference}").find("section", attrs={"aria-labelledby": "assessment"})
    assert isinstance(section, Tag)
    assert "Not eligible" in section.get_text()
    assert why in section.get_text()
