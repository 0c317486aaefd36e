"""The review queue: what waits, what is overdue first, and what is offered in each row."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from bs4 import Tag
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import operations
from cpor_web.models import Claim, Document, RoundState, User
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Request
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from tests.reviewers.conftest import FileClaim
from tests.reviewers.pages import names, press
from tests.support import claims, factories
from tests.support.browser import Browser
from tests.support.statements import counted


def test_an_empty_queue_says_that_nothing_waits(desk: Browser) -> None:
    page = desk.page("/review")

    assert page.h1.get_text() == "Review queue"
    assert page.select_one(".empty").get_text().startswith("Nothing waits for us.")


def test_what_is_overdue_stands_first_and_says_so_in_words(
    desk: Browser, file_claim: FileClaim, now: datetime
) -> None:
    file_claim(name="Due next week")
    file_claim(name="Long overdue", at=now - timedelta(days=30))
    file_claim(name="Overdue", at=now - timedelta(days=20))

    page = desk.page("/review")

    rows = page.select("tbody tr")
    assert [row.find("a").get_text() for row in rows] == ["Long overdue", "Overdue", "Due next week"]
    assert ["Overdue" in [words.get_text() for words in row("strong")] for row in rows] == [True, True, False]
    assert [row.select_one("time") is not None for row in rows] == [True, True, True]
    assert "2 overdue" in page.main.get_text()


def test_the_time_left_is_told_in_business_days_as_the_partner_reads_it_and_exactly(
    desk: Browser, claim: Claim
) -> None:
    row, review = desk.page("/review").select_one("tbody tr"), desk.page(f"/review/{claim.reference}")

    for part in (row, review.find(id="state").parent):
        assert re.search(r"\d business days left", part.get_text())
        assert part.select_one("time")["datetime"]
        assert "in 1 week" not in part.get_text()


def test_the_queue_reads_the_closures_once_for_all_its_rows(desk: Browser, app: Flask, file_claim: FileClaim) -> None:
    for number in range(3):
        file_claim(name=f"Number {number}")

    with counted(app) as said:
        assert desk.page("/review").get_text().count("business days left") == 3

    assert len([each for each in said if "FROM closures" in each]) == 1


def test_a_row_names_claim_partner_customer_activity_and_holder(desk: Browser, claim: Claim) -> None:
    row = desk.page("/review").select_one("tbody tr").get_text(" ")

    for words in (claim.reference, claim.name, claim.partner.name, "Contoso", "Usage", "Microsoft 365", "Nobody"):
        assert words in row


def test_a_holder_whose_account_was_deactivated_is_said_not_to_be_active(
    desk: Browser, under_review_by_another: Claim, other_reviewer: User, committed: Session
) -> None:
    def said() -> list[bool]:
        page = desk.page(f"/review/{under_review_by_another.reference}")
        holders = (desk.page("/review").select_one("tbody td[data-label=Reviewer]"), page.find(id="state").parent)
        return ["Not active" in holder.get_text() for holder in holders]

    assert said() == [False, False]
    other_reviewer.active = False
    committed.commit()
    assert said() == [True, True]


def test_a_draft_is_not_in_the_queue_and_has_no_page(desk: Browser, file_claim: FileClaim) -> None:
    draft = file_claim(submitted=False)

    assert names(desk) == []
    assert desk.get(f"/review/{draft.reference}").status_code == 404


def test_start_review_in_the_row_makes_the_claim_the_reviewers(
    desk: Browser, claim: Claim, reviewer: User, committed: Session
) -> None:
    form = desk.page("/review").select_one("tbody tr form")
    assert form.button.get_text() == "Start review"

    answer = desk.submit(
        form["action"], {"seen": form.find("input", attrs={"name": "seen"})["value"]}, page="/review"
    )

    assert answer.status_code == 302
    committed.refresh(claim)
    assert (claim.status, claim.reviewer_id) == (Status.UNDER_REVIEW, reviewer.id)
    assert desk.page("/review").select_one("tbody tr form") is None


def test_proof_that_came_after_the_approval_is_told_in_the_queue_and_on_the_claim(
    desk: Browser, committed: Session, programme: Programme, now: datetime
) -> None:
    approved = claims.running(committed, programme, now=now)
    committed.commit()
    assert "New proof" not in desk.page("/review?status=approved").main.get_text()
    document = committed.scalars(select(Document).where(Document.claim_id == approved.id)).one()
    document.uploaded_at = approved.status_since + timedelta(minutes=1)
    committed.commit()
    assert "New proof" in desk.page("/review?status=approved").select_one("tbody tr").get_text()
    state = desk.page(f"/review/{approved.reference}").find(id="state").parent.get_text()
    assert "The partner added proof after the approval." in state


def test_a_partners_user_finds_no_page_of_the_reviewers(
    client: Browser, sign_in: Callable[..., Browser], committed: Session, claim: Claim
) -> None:
    stranger = factories.user(committed, Role.GLOBAL_ADMIN)
    committed.commit()
    sign_in(client, stranger)

    for path in (
        "",
        "/mails",
        f"/{claim.reference}",
        f"/{claim.reference}/history",
        f"/{claim.reference}/history.csv",
    ):
        assert client.get(f"/review{path}").status_code == 404


def test_what_was_resubmitted_is_started_by_its_reviewer_and_by_another_only_on_its_page(
    desk: Browser,
    committed: Session,
    under_review_by_another: Claim,
    filer: User,
    programme: Programme,
    now: datetime,
) -> None:
    claim = under_review_by_another
    committed.refresh(claim)
    assert claim.reviewer is not None
    about = {"now": now, "programme": programme}
    asks = {Request.DATES: "The year."}
    operations.request_information(committed, claim, asks, "", actor=claim.reviewer.actor, **about)
    operations.resubmit(committed, claim, actor=filer.actor, **about)
    committed.commit()

    row = desk.page("/review").select_one("tbody tr")
    assert "Sam Raymond" in row.get_text()
    assert row.find("button") is None
    page = desk.page(f"/review/{claim.reference}")
    hint = "Sam Raymond has this claim. If you start, it becomes yours; that is recorded."
    assert hint in page.select_one("[aria-labelledby=begin]").get_text()

    assert press(desk, claim, "Start review").status_code == 302
    history = desk.page(f"/review/{claim.reference}/history").main.get_text()
    assert "The review started: another reviewer took the claim." in history
    assert "From: Sam Raymond" in history


def test_its_own_reviewer_is_offered_to_start_again_in_the_row(
    desk: Browser, committed: Session, under_review: Claim, filer: User, programme: Programme, now: datetime
) -> None:
    committed.refresh(under_review)
    assert under_review.reviewer is not None
    about = {"now": now, "programme": programme}
    reviewer, asks = under_review.reviewer.actor, {Request.DATES: "The year."}
    operations.request_information(committed, under_review, asks, "", actor=reviewer, **about)
    operations.resubmit(committed, under_review, actor=filer.actor, **about)
    committed.commit()
    assert desk.page("/review").select_one("tbody tr button").get_text() == "Start review"
    assert "becomes yours" not in desk.page(f"/review/{under_review.reference}").main.get_text()


def test_approved_claims_say_what_runs_and_until_when(
    desk: Browser, committed: Session, programme: Programme, now: datetime
) -> None:
    running = claims.running(committed, programme, now=now, name="Runs")
    claims.approved(committed, programme, now=now, name="Not out")
    passed = claims.running(committed, programme, now=now, name="Passed")
    (asked,) = claims.invitations_of(committed, passed)
    asked.round.state, asked.round.closed_at = RoundState.PASSED, now
    (asked,) = claims.invitations_of(committed, running)
    committed.commit()

    rows = {row.a.get_text(): row.find("td", attrs={"data-label": "Due"}) for row in queue_of(desk, "approved")}

    assert "The customer may deny." in rows["Runs"].get_text()
    assert rows["Runs"].find("time", datetime=asked.round.ends_at.isoformat())
    assert "We are sending the customer the notice." in rows["Not out"].get_text()
    assert "is assessed for incentives" in rows["Passed"].get_text()
    assert [bool(rows[name].time) for name in ("Not out", "Passed")] == [False, False]


def queue_of(desk: Browser, status: str) -> list[Tag]:
    return list(desk.page(f"/review?status={status}").select("tbody tr"))
