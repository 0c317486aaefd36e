"""The claim's page tells the claim's life, where it is in it, and the assessment once there is one."""

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.assessment import assess
from cpor_web.claims import operations
from cpor_web.models import User
from cpor_web.rules.statuses import Status
from tests.partners.conftest import Desk
from tests.partners.pages import address, text_of
from tests.support.assessments import PASSED, passed
from tests.support.browser import Browser


def way(page: BeautifulSoup) -> list[str]:
    """Return the words of each step, in order; a tag tells what is now, and what is to come."""
    return [" ".join(step.get_text(" ").split()) for step in page.select("ol.way > li")]


@pytest.mark.parametrize("status", list(Status))
def test_one_step_is_where_the_claim_is_now(browser: Browser, desk: Desk, status: Status) -> None:
    page = browser.page(address(desk.claim(status)))
    [now] = page.select("ol.way > li[aria-current=step]")
    assert now.get_text().split()[0] == "Now"
    assert status.label in now.get_text()


def test_the_way_tells_what_was_what_is_and_what_comes_with_who_acts_and_how_long(
    browser: Browser, desk: Desk
) -> None:
    created, submitted, now, decision, consent, assessment = way(browser.page(address(desk.claim(Status.SUBMITTED))))
    assert created.startswith("The claim was created.")
    assert "Frida Falk (Incentives admin)" in submitted
    assert now.startswith("Now Submitted A reviewer starts the review. A reviewer · ")
    assert "business days left, " in now
    assert "23:59:59" in now
    assert decision == (
        "Comes next Under review The reviewer approves, rejects, or asks for more. A reviewer · Up to 5 business days"
    )
    assert consent.endswith("The customer · 7 days, once the notice is out")
    assert assessment.startswith("Then Assessment for incentives")


def test_a_disputed_claim_that_nobody_holds_is_not_said_to_be_in_somebodys_hands(
    browser: Browser, desk: Desk
) -> None:
    claim = desk.claim(Status.REJECTED)
    browser.submit(address(claim, "dispute"), {"justification": "It is signed."}, page=address(claim))
    shown = text_of(browser.page(address(claim)))
    assert "A reviewer has started" not in shown
    assert "The rejection is disputed; no reviewer has taken it up yet." in shown
    assert "A reviewer takes up the dispute and decides." in shown

    operations.take_over(
        desk.session,
        desk.now_of(claim),
        actor=desk.reviewer.actor,
        now=clock.utcnow(),
        programme=desk.programme,
    )
    desk.session.commit()
    assert "A reviewer has started and will decide." in text_of(browser.page(address(claim)))


def test_the_status_tells_of_the_assessments_result(
    browser: Browser, committed: Session, user: User, app: Flask
) -> None:
    record = passed(committed, app.extensions["programme"], filer=user)
    committed.commit()
    status = "section[aria-labelledby=status-title]"
    before = browser.page(address(record.claim)).select_one(status)
    assess(committed, record.id, now=PASSED, programme=app.extensions["programme"])
    committed.commit()
    page = browser.page(address(record.claim))
    after = page.select_one(status)
    assert isinstance(before, Tag)
    assert isinstance(after, Tag)
    assert "The association is assessed for incentives." in before.get_text()
    assert "The association is eligible for incentives." in after.get_text()
    assert way(page)[-1].startswith("Now Assessment for incentives")
    assert "eligible for incentives" in browser.page("/claims").select("table tbody tr")[0].get_text()
