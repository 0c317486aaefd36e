"""Approving over another partner's association, on the pages of the reviewer and of both partners."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from cpor_web.claims import operations
from cpor_web.consent import answers, rounds
from cpor_web.models import Claim, User
from cpor_web.moments import exactly
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Way, Withdrawal
from cpor_web.rules.statuses import Status
from tests.reviewers.pages import press, press_on, read
from tests.support import claims
from tests.support.browser import Browser

WHY = "The order of October names them."


@pytest.fixture
def association(committed: Session, programme: Programme, now: datetime, under_review: Claim) -> Claim:
    """Another partner's association for the same."""
    made = claims.running(committed, programme, now=now, tenant_id=str(under_review.tenant_id), products=("teams",))
    committed.commit()
    return made


def test_approving_over_an_association_without_a_rationale_says_so_at_its_field(
    desk: Browser, under_review: Claim, association: Claim, committed: Session
) -> None:
    answer = press(desk, under_review, "Approve")

    assert answer.status_code == 422
    assert "Write why this claim goes before it" in read(answer).find(id="approve-rationale-error").get_text()
    committed.refresh(under_review)
    assert under_review.status is Status.UNDER_REVIEW


def test_too_short_a_rationale_is_refused_at_its_field_and_still_stands_there(
    desk: Browser, under_review: Claim, association: Claim, committed: Session
) -> None:
    answer = press(desk, under_review, "Approve", Rationale="or")

    assert answer.status_code == 422
    page = read(answer)
    assert "Write at least 20 characters." in page.find(id="approve-rationale-error").get_text()
    assert page.find(id="approve-rationale").get_text().strip() == "or"
    assert page.select_one(".error-summary a[href='#approve-rationale']")
    committed.refresh(under_review)
    assert under_review.status is Status.UNDER_REVIEW


def test_two_associations_for_the_same_are_told_of_on_the_pages_of_both(
    desk: Browser, under_review: Claim, association: Claim, committed: Session, programme: Programme, now: datetime
) -> None:
    about = {"now": now, "programme": programme}
    (asked,) = claims.invitations_of(committed, association)
    answers.deny(committed, asked, reason=Denial.OTHER, way=Way.PAGE, **about)
    committed.commit()
    assert press(desk, under_review, "Approve").status_code == 302
    said = "neither association ends by itself"
    assert said not in desk.page(f"/review/{under_review.reference}").main.get_text()

    answers.undo(committed, asked, **about)
    committed.commit()

    for claim, other in ((under_review, association), (association, under_review)):
        notice = desk.page(f"/review/{claim.reference}").find(id="state").parent.get_text(" ", strip=True)
        assert said in notice
        assert f"({other.reference}, {other.partner.name})" in notice
        assert "explicit yes" not in notice

    asked.round.needs_yes = True
    committed.commit()
    for claim in (under_review, association):
        notice = desk.page(f"/review/{claim.reference}").find(id="state").parent.get_text(" ", strip=True)
        assert f"But {association.reference} needs the customer's explicit yes" in notice


def test_of_an_association_that_a_third_will_end_no_page_says_that_nothing_ends_it(
    desk: Browser, under_review: Claim, association: Claim, committed: Session, programme: Programme, now: datetime
) -> None:
    about = {"now": now, "programme": programme}
    (asked,) = claims.invitations_of(committed, association)
    answers.deny(committed, asked, reason=Denial.OTHER, way=Way.PAGE, **about)
    committed.commit()
    assert press(desk, under_review, "Approve").status_code == 302
    third = claims.under_review(
        committed, programme, now=now, tenant_id=str(under_review.tenant_id), products=("teams",)
    )
    assert third.reviewer is not None
    operations.approve(committed, third, rationale=WHY, actor=third.reviewer.actor, **about)
    answers.undo(committed, asked, **about)
    committed.commit()

    notice = desk.page(f"/review/{association.reference}").find(id="state").parent.get_text(" ", strip=True)
    assert third.reference in notice
    assert under_review.reference not in notice


def test_a_decision_whose_moment_passed_is_not_named_beside_the_one_that_will_end_an_association(
    desk: Browser, under_review: Claim, association: Claim, committed: Session, programme: Programme, now: datetime
) -> None:
    about: dict[str, Any] = {"now": now, "programme": programme}
    assert press(desk, under_review, "Approve", Rationale=WHY).status_code == 302
    (denied,), (lapsed,) = (claims.invitations_of(committed, each) for each in (association, under_review))
    claims.take_notice(committed, programme, lapsed, now=now)
    answers.deny(committed, denied, reason=Denial.OTHER, way=Way.PAGE, **about)
    assert lapsed.round.closes_at is not None
    assert rounds.close(committed, lapsed.round_id, now=lapsed.round.closes_at, programme=programme)
    answers.undo(committed, denied, **about)
    third = claims.under_review(
        committed, programme, now=now, tenant_id=str(under_review.tenant_id), products=("teams",)
    )
    assert third.reviewer is not None
    operations.approve(committed, third, rationale=WHY, actor=third.reviewer.actor, **about)
    committed.commit()

    notice = desk.page(f"/review/{association.reference}").find(id="state").parent.get_text(" ", strip=True)
    assert third.reference in notice
    assert under_review.reference not in notice


def test_the_rationale_is_read_by_reviewers_and_both_partners(
    desk: Browser,
    under_review: Claim,
    association: Claim,
    filer: User,
    app: Flask,
    sign_in: Callable[..., Browser],
) -> None:
    assert (
        association.reference in desk.page(f"/review/{under_review.reference}").find(id="approve").parent.get_text()
    )

    assert press(desk, under_review, "Approve", Rationale=WHY).status_code == 302

    assert WHY in desk.page(f"/review/{association.reference}").find(id="others").parent.get_text()
    for reader, claim, other in (
        (filer, under_review, association),
        (association.filed_by, association, under_review),
    ):
        page = sign_in(cast(Browser, app.test_client()), reader).page(f"/claims/{claim.reference}").get_text()
        assert WHY in page
        assert other.reference not in page
        assert other.partner.name not in page


def test_both_claims_say_with_their_status_when_the_association_ends_and_that_all_of_it_does(
    desk: Browser, under_review: Claim, committed: Session, programme: Programme, now: datetime
) -> None:
    tenant = str(under_review.tenant_id)
    theirs = claims.running(committed, programme, now=now, tenant_id=tenant, products=("teams", "intune"))
    committed.commit()
    beside = " ".join(desk.page(f"/review/{under_review.reference}").find(id="approve").parent.get_text().split())
    whole = f"All of it ends: Intune, Teams. Not claimed by {under_review.reference}: Intune."
    assert whole in beside

    assert press(desk, under_review, "Approve", Rationale=WHY).status_code == 302

    def status_of(claim: Claim) -> str:
        page = desk.page(f"/review/{claim.reference}")
        return " ".join(page.find(id="state").find_parent("section").get_text(" ").split())

    assert "It ends unless the customer denies this claim. Their time to deny does not run yet." in status_of(
        under_review
    )
    for asked in claims.invitations_of(committed, under_review):
        claims.take_notice(committed, programme, asked, now=now)
    committed.commit()
    assert asked.round.ends_at is not None
    ends = exactly(asked.round.ends_at, "en", programme.calendar.zone.key)
    for claim, other, when in (
        (under_review, theirs, f"It ends on {ends} unless the customer denies this claim."),
        (theirs, under_review, f"This association ends on {ends} if the customer does not deny"),
    ):
        said = status_of(claim)
        assert when in said
        assert whole in said
        assert f"{other.reference}, {other.partner.name}" in said


def test_a_rival_that_waits_is_named_beside_approve_with_its_dates_and_is_not_decided_on(
    desk: Browser, under_review: Claim, other_reviewer: User, committed: Session, programme: Programme, now: datetime
) -> None:
    tenant = str(under_review.tenant_id)
    waiting = claims.under_review(
        committed, programme, reviewer=other_reviewer, tenant_id=tenant, products=("teams",)
    )
    waiting.proof_date = date(2026, 10, 5)
    committed.commit()

    page = desk.page(f"/review/{under_review.reference}")
    warned = " ".join(page.find(id="waits-too").get_text().split())

    for words in (waiting.reference, waiting.partner.name, "Under review", other_reviewer.name, "Newest proof: "):
        assert words in warned
    assert "Latest date in the proof: 5 Oct 2026" in warned
    assert "nothing is decided on the other" in warned
    assert page.find(id="approve-rationale") is None, "nothing is replaced by this approval"
    assert press(desk, under_review, "Approve").status_code == 302
    committed.refresh(waiting)
    assert waiting.status is Status.UNDER_REVIEW


def test_who_approves_the_rival_afterwards_writes_why_it_goes_over_the_first(
    desk: Browser, under_review: Claim, reviewer: User, committed: Session, programme: Programme, now: datetime
) -> None:
    tenant = str(under_review.tenant_id)
    waiting = claims.under_review(committed, programme, reviewer=reviewer, tenant_id=tenant, products=("teams",))
    committed.commit()
    page = desk.page(f"/review/{waiting.reference}")  # shown while neither was approved
    assert page.find(id="approve-rationale") is None
    assert press(desk, under_review, "Approve").status_code == 302

    answer = press_on(desk, page, "Approve")

    assert answer.status_code == 422
    assert under_review.reference in read(answer).find(id="approve").parent.get_text()
    assert press(desk, waiting, "Approve", Rationale=WHY).status_code == 302
    assert WHY in desk.page(f"/review/{under_review.reference}").find(id="others").parent.get_text()


def test_a_rationale_that_nothing_needs_any_more_is_no_hindrance(
    desk: Browser, under_review: Claim, association: Claim, committed: Session, programme: Programme, now: datetime
) -> None:
    page = desk.page(f"/review/{under_review.reference}")
    assert page.find(id="approve-rationale")
    about = {"actor": association.filed_by.actor, "now": now, "programme": programme}
    operations.withdraw(committed, association, Withdrawal.CUSTOMER_LEFT, **about)
    committed.commit()

    assert press_on(desk, page, "Approve", Rationale=WHY).status_code == 302
