"""The review queue is filtered and paged, and its numbers lead to exactly what they count."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from cpor_web.claims import operations, related
from cpor_web.lists import own
from cpor_web.models import Claim, User
from cpor_web.programme import Programme
from cpor_web.rules.roles import Role
from tests.reviewers.conftest import FileClaim
from tests.reviewers.pages import names
from tests.support import claims, factories
from tests.support.browser import Browser
from tests.support.claims import many_of_it


def test_the_queue_is_filtered_by_holder_dispute_area_and_status(
    desk: Browser,
    file_claim: FileClaim,
    other_reviewer: User,
    reviewer: User,
    committed: Session,
    programme: Programme,
    now: datetime,
) -> None:
    mine, theirs = file_claim(name="Mine"), file_claim(name="Theirs")
    file_claim(name="Unassigned")
    file_claim(
        name="Dynamics",
        area="business-applications",
        activity="pre-sales",
        products=("dynamics-365-sales",),
        subscription_id="0f8fad5b-d9cb-469f-a165-70867728950e",
    )
    for each, holder in ((mine, reviewer), (theirs, other_reviewer)):
        operations.start_review(committed, each, actor=holder.actor, now=now, programme=programme)
    theirs.is_disputed = True
    committed.commit()

    assert set(names(desk)) == {"Mine", "Theirs", "Unassigned", "Dynamics"}
    assert names(desk, "?whose=mine") == ["Mine"]
    assert set(names(desk, "?whose=unassigned")) == {"Unassigned", "Dynamics"}
    assert names(desk, "?disputed=y") == ["Theirs"]
    assert names(desk, "?area=business-applications") == ["Dynamics"]
    assert set(names(desk, "?status=under-review")) == {"Mine", "Theirs"}
    assert names(desk, "?status=approved") == []
    assert names(desk, "?status=under-review&whose=mine&area=microsoft-365") == ["Mine"]


def test_the_numbers_of_the_queue_lead_to_exactly_what_they_count(
    desk: Browser, file_claim: FileClaim, reviewer: User, committed: Session, now: datetime
) -> None:
    file_claim(name="Fresh")
    file_claim(name="Overdue", at=now - timedelta(days=20))
    file_claim(name="Disputed").is_disputed = True
    mine = file_claim(name="Mine")
    mine.reviewer_id = reviewer.id
    committed.commit()

    links = {link["href"]: link.get_text() for link in desk.page("/review").select("main p a")}
    which = {
        "overdue=y": ["Overdue"],
        "whose=mine": ["Mine"],
        "whose=unassigned": ["Disputed", "Fresh", "Overdue"],
        "disputed=y": ["Disputed"],
    }
    assert links == {f"/review?{query}#claims": str(len(found)) for query, found in which.items()}
    for query, found in which.items():
        assert sorted(names(desk, f"?{query}")) == found


def test_only_what_we_owe_is_overdue_in_whatever_status_one_looks(
    desk: Browser, file_claim: FileClaim, committed: Session, programme: Programme, now: datetime
) -> None:
    file_claim(name="Ours", at=now - timedelta(days=30))
    theirs = claims.partner_action_required(committed, programme, name="Theirs", now=now - timedelta(days=30))
    assert theirs.due_at is None or theirs.due_at < now
    theirs.due_at, theirs.due_rule = now - timedelta(days=1), {}
    committed.commit()
    assert names(desk, "?overdue=y") == names(desk, "?overdue=y&status=any") == ["Ours"]
    assert names(desk, "?overdue=y&status=partner-action-required") == []


def test_lists_that_are_cut_lead_to_the_rest(
    desk: Browser, claim: Claim, file_claim: FileClaim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(related, "MOST", 1)
    for number in range(2):
        file_claim(name=f"More {number}")
    page = desk.page(f"/review/{claim.reference}")
    (rest,) = [link for link in page("a") if link.get_text() == "Show all of them"]
    assert "The first 1 of 2 are shown." in rest.parent.get_text()
    shown = desk.page(rest["href"])
    assert f"Claims of {claim.partner.name} alone." in shown.get_text()
    assert len(shown.select("tbody tr")) == 3
    assert names(desk, "?partner=x&status=any") == names(desk, "?status=any")
    assert names(desk, "?partner=0") == []


def test_a_filter_that_fits_nothing_says_so_and_keeps_what_was_chosen(desk: Browser, claim: Claim) -> None:
    page = desk.page("/review?whose=mine")

    assert page.select_one(".empty").get_text().strip().startswith("No claim fits this filter.")
    assert page.select_one("option[selected][value=mine]")


def test_nonsense_in_the_address_is_as_if_it_were_not_there(desk: Browser, claim: Claim) -> None:
    assert names(desk, "?status=editing&whose=x&area=x&page=-3") == [claim.name]
    assert names(desk, "?status=nonsense&page=x") == [claim.name]
    for cursor in ("x", "%00", "%ff", "9" * 5000, "W10", "WzEsMl0", "WyIyMDI2LTExLTIwIiwxXQ"):
        assert names(desk, f"?after={cursor}") == names(desk, f"?before={cursor}") == [claim.name], cursor


def test_the_queue_has_pages_that_keep_the_filter(
    desk: Browser, file_claim: FileClaim, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own, "PAGE", 2)
    for number in range(3):
        file_claim(name=f"Claim {number}")

    first = desk.page("/review?whose=unassigned")
    onwards = first.find("a", rel="next")["href"]
    last = desk.page(onwards)

    assert names(desk, "?whose=unassigned") == ["Claim 0", "Claim 1"]
    assert [row.find("a").get_text() for row in last.select("tbody tr")] == ["Claim 2"]
    assert last.select("option[selected][value=unassigned]")
    assert names(desk, last.find("a", rel="prev")["href"].removeprefix("/review")) == ["Claim 0", "Claim 1"]


def test_the_tabs_count_the_claims_of_each_status(desk: Browser, claim: Claim, file_claim: FileClaim) -> None:
    file_claim(name="Another")

    tabs = [tab.get_text(" ", strip=True) for tab in desk.page("/review").select(".tabs a")]

    assert tabs == [
        "Waiting for us 2",
        "Submitted 2",
        "Under review 0",
        "Partner action required 0",
        "Approved 0",
        "Rejected 0",
        "All 2",
    ]


def test_numbers_above_what_is_counted_say_so(desk: Browser, claim: Claim, committed: Session) -> None:
    many_of_it(committed, 250)
    page = desk.page("/review")
    words, told = " ".join(page.main.get_text().split()), "250+more than 250"
    assert f"More than 250 claims wait for us: 0 overdue, 0 mine, {told} without a reviewer, 0 disputed." in words
    assert [each.get_text() for each in page.select(".tabs .count")[:3]] == [told, told, "0"]


def test_the_queue_is_filtered_by_each_colleague_who_holds_something(
    desk: Browser, under_review_by_another: Claim, other_reviewer: User, file_claim: FileClaim, committed: Session
) -> None:
    file_claim(name="Nobody's")
    factories.user(committed, Role.REVIEWER, name="Holds nothing")
    committed.commit()

    offered = {each.get_text(): each["value"] for each in desk.page("/review").select("#whose option")}

    assert list(offered) == ["Everybody", "Mine", "Unassigned", "Sam Raymond"]
    assert names(desk, f"?whose={offered['Sam Raymond']}") == [under_review_by_another.name]
    chosen = desk.page(f"/review?whose={offered['Sam Raymond']}").select_one("#whose option[selected]")
    assert chosen.get_text() == "Sam Raymond"
    assert names(desk, "?whose=999999999999999999999999") == [under_review_by_another.name, "Nobody's"]


def test_a_colleague_who_holds_nothing_any_more_stays_the_one_who_is_chosen(
    desk: Browser, claim: Claim, other_reviewer: User, reviewer: User
) -> None:
    for each in (other_reviewer, reviewer):
        page = desk.page(f"/review?whose={each.id}")
        assert page.select_one("#whose option[selected]").get_text() == each.name
        assert page.select_one(".empty").get_text().strip().startswith("No claim fits this filter.")
    assert desk.page("/review?whose=999999999").select_one("#whose option[selected]") is None, "there is nobody"
