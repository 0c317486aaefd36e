"""Several drafts deleted at once: chosen, looked at once more, and only then gone."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import operations
from cpor_web.models import Claim
from cpor_web.rules.statuses import Status
from cpor_web.transactions import InDoubt
from tests.partners.conftest import Desk
from tests.partners.pages import a_file, address, messages, text_of
from tests.support.browser import Browser

DELETE = "/claims/delete"


def left(desk: Desk) -> list[str]:
    desk.session.rollback()
    return list(desk.session.scalars(select(Claim.name).where(Claim.deleted_at.is_(None)).order_by(Claim.id)))


def boxes(page: BeautifulSoup) -> dict[str, Any]:
    """Return the boxes that can be ticked, by the claim's name."""
    labels = {str(each["for"]): each.get_text() for each in page("label", class_="form-check-label")}
    return {labels[str(box["id"])]: box for box in page("input", attrs={"name": "claim"})}


def chosen(browser: Browser, *names: str) -> list[str]:
    found = boxes(browser.page(DELETE))
    return [str(found[name]["value"]) for name in names]


def test_what_was_chosen_is_shown_once_more_and_then_deleted(browser: Browser, desk: Desk) -> None:
    for name in ("Wrong", "Wrong too", "Right"):
        desk.claim(name=name)
    claim = desk.session.scalars(select(Claim).where(Claim.name == "Wrong")).one()
    browser.submit(address(claim, "documents"), {"document": a_file()}, page=address(claim))
    sent = {"claim": chosen(browser, "Wrong", "Wrong too")}

    shown = browser.submit(DELETE, sent, page=DELETE)
    said = text_of(BeautifulSoup(shown.text, "html.parser"))
    assert "These drafts and their documents are gone then." in said
    assert "(with 1 document)" in said
    assert left(desk) == ["Wrong", "Wrong too", "Right"]

    done = browser.submit(DELETE, sent | {"was_shown": "yes"}, page=DELETE, follow_redirects=True)
    assert "2 drafts were deleted." in messages(done.text)
    assert left(desk) == ["Right"]


def test_the_drafts_of_one_import_are_chosen_with_one_press(browser: Browser, desk: Desk) -> None:
    made = [desk.claim(name=f"Row {number}") for number in range(3)]
    desk.claim(name="Filed by hand")
    for each in made[1:]:
        each.created_at = made[0].created_at
    desk.session.commit()
    [link] = browser.page(DELETE).select("#batches ~ ul a")
    assert link.get_text().startswith("3 drafts, imported on ")
    ticked = boxes(browser.page(str(link["href"])))
    assert sorted(ticked) == ["Row 0", "Row 1", "Row 2"]
    assert all(box.has_attr("checked") for box in ticked.values())


def test_a_draft_that_changed_since_is_kept_and_keeps_back_none_of_the_others(browser: Browser, desk: Desk) -> None:
    changed = desk.claim(name="Changed")
    desk.claim(name="Wrong")
    sent = {"claim": chosen(browser, "Changed", "Wrong"), "was_shown": "yes"}
    browser.submit(address(changed, "documents"), {"document": a_file()}, page=address(changed))
    done = browser.submit(DELETE, sent, page=DELETE, follow_redirects=True)
    assert "1 draft was deleted." in messages(done.text)
    assert "Changed: " in messages(done.text)
    assert left(desk) == ["Changed"]


def test_where_the_database_goes_in_the_midst_what_was_deleted_is_said_and_the_rest_is_not_tried(
    browser: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("First", "Second", "Third"):
        desk.claim(name=name)
    sent = {"claim": chosen(browser, "First", "Second", "Third"), "was_shown": "yes"}
    delete = operations.delete_draft

    def do(session: Session, claim: Claim, **how: Any) -> None:
        if claim.name == "Second":
            raise InDoubt("the connection was lost over a commit")
        delete(session, claim, **how)

    monkeypatch.setattr(operations, "delete_draft", do)
    said = messages(browser.submit(DELETE, sent, page=DELETE, follow_redirects=True).text)
    assert "1 draft was deleted." in said
    assert "It is not certain whether this was recorded. Load the page again. 1 more was not tried." in said
    assert left(desk) == ["Second", "Third"]


@pytest.mark.parametrize("said", [[], [""], ["ZZZZ-9999 1"], ["x y z"], ["\x00"]])
def test_what_is_no_draft_of_theirs_deletes_nothing(browser: Browser, desk: Desk, said: list[str]) -> None:
    submitted = desk.claim(Status.SUBMITTED, name="Submitted")
    sent = {"claim": [*said, f"{submitted.reference} {submitted.version}"] if said else [], "was_shown": "yes"}
    answer = browser.submit(DELETE, sent, page=DELETE)
    assert answer.status_code == (302 if said else 422)
    assert left(desk) == ["Submitted"]


@pytest.mark.parametrize("said", ["ZZZZ-9999 1", "x y z", "\x00", "a\x00b 1"])
def test_what_is_no_draft_of_theirs_is_not_shown_once_more(browser: Browser, desk: Desk, said: str) -> None:
    desk.claim(name="Mine")
    answer = browser.submit(DELETE, {"claim": [said]}, page=DELETE)
    assert answer.status_code == 200
    assert "Mine" not in answer.text


@pytest.mark.parametrize("made", ["x", "2026-01-01", "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00"])
def test_a_moment_that_is_none_lists_without_trouble(browser: Browser, desk: Desk, made: str) -> None:
    desk.claim()
    assert browser.get(DELETE, query_string={"made": made}).status_code == 200
