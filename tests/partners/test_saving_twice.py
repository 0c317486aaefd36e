"""A new form that is saved, gone back to and saved again has made one draft: the second time edits it."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.models import Claim, User
from cpor_web.rules.statuses import Status
from tests.partners.conftest import Desk, form_of
from tests.partners.pages import address, text_of
from tests.support.browser import Browser

NEW = "/claims/new"


def names(session: Session) -> list[str]:
    session.rollback()
    return list(session.scalars(select(Claim.name).where(Claim.deleted_at.is_(None)).order_by(Claim.id)))


def filled_in(browser: Browser, user: User, where: str = NEW) -> dict[str, object]:
    assert user.partner is not None
    once = browser.page(where).select_one('[name="once"]')
    assert once is not None
    return form_of(user.partner, once=once["value"])


def test_the_same_form_saved_again_edits_the_draft_that_it_made(
    browser: Browser, committed: Session, user: User
) -> None:
    sent = filled_in(browser, user)
    first = browser.submit(NEW, sent, page=NEW)
    second = browser.submit(NEW, sent | {"name": "Teams, all of it"}, page=NEW)
    assert second.location == first.location
    assert "Saved, in the draft that this form made before." in browser.get(second.location).text
    assert names(committed) == ["Teams, all of it"]


def test_what_was_changed_into_another_customers_is_another_draft(
    browser: Browser, committed: Session, user: User
) -> None:
    sent = filled_in(browser, user)
    browser.submit(NEW, sent, page=NEW)
    other = {
        "name": "Teams at Wingtip",
        "customer_name": "Wingtip",
        "customer_domain": "wingtip.example.com",
        "tenant_id": "99999999-2222-4333-8444-555555555555",
        "contact_email": "wilma@wingtip.example.com",
    }
    browser.submit(NEW, sent | other, page=NEW)
    assert names(committed) == ["Teams at Contoso", "Teams at Wingtip"]


def test_two_customers_of_whom_not_all_is_known_yet_are_two_drafts(
    browser: Browser, committed: Session, user: User
) -> None:
    sent = filled_in(browser, user) | {
        "customer_domain": "",
        "tenant_id": "",
        "contact_name": "",
        "contact_email": "",
    }
    browser.submit(NEW, sent, page=NEW)
    browser.submit(NEW, sent | {"name": "Teams at Wingtip", "customer_name": "Wingtip"}, page=NEW)
    assert names(committed) == ["Teams at Contoso", "Teams at Wingtip"]


def test_a_draft_of_no_customer_yet_is_edited_by_the_way_back(
    browser: Browser, committed: Session, user: User
) -> None:
    nobody = dict.fromkeys(("customer_name", "customer_domain", "tenant_id", "contact_name", "contact_email"), "")
    sent = filled_in(browser, user) | nobody
    browser.submit(NEW, sent, page=NEW)
    browser.submit(NEW, sent | {"name": "Teams"}, page=NEW)
    assert names(committed) == ["Teams"]


@pytest.mark.parametrize(("first", "then"), [("", "Contoso"), ("Contoso", "")])
def test_who_goes_back_to_say_or_to_clear_the_customer_edits_the_draft(
    browser: Browser, committed: Session, user: User, first: str, then: str
) -> None:
    nobody = dict.fromkeys(("customer_domain", "tenant_id", "contact_name", "contact_email"), "")
    sent = filled_in(browser, user) | nobody
    browser.submit(NEW, sent | {"customer_name": first}, page=NEW)
    browser.submit(NEW, sent | {"customer_name": then}, page=NEW)
    assert names(committed) == ["Teams at Contoso"]
    assert committed.scalar(select(Claim.customer_name)) == (then or None)


def test_two_forms_are_two_drafts(browser: Browser, committed: Session, user: User) -> None:
    for _ in range(2):
        browser.submit(NEW, filled_in(browser, user), page=NEW)
    assert len(names(committed)) == 2


def test_a_form_for_the_next_customer_makes_one_draft_too(browser: Browser, desk: Desk, user: User) -> None:
    new = address(desk.claim(Status.REJECTED), "new")
    sent = filled_in(browser, user, new)
    for name in ("Once more", "Once more, better"):
        browser.submit(f"{new}?customer=same", sent | {"name": name}, page=new)
    assert names(desk.session)[1:] == ["Once more, better"]


def test_what_was_edited_since_is_not_overwritten_by_the_way_back(
    browser: Browser, committed: Session, user: User
) -> None:
    sent = filled_in(browser, user)
    made = browser.submit(NEW, sent, page=NEW).location
    seen = {"seen": "1", "once": ""}
    browser.submit(f"{made}/edit", sent | seen | {"name": "Edited"}, page=f"{made}/edit")
    late = browser.submit(NEW, sent | {"customer_name": "Contoso Ltd"}, page=NEW)
    assert late.status_code == 409
    assert "Changed while you were writing" in late.text
    assert names(committed) == ["Edited"]


def test_a_form_whose_draft_was_deleted_makes_another(browser: Browser, committed: Session, user: User) -> None:
    sent = filled_in(browser, user)
    made = browser.submit(NEW, sent, page=NEW).location
    browser.submit(f"{made}/delete", {"seen": "1"}, page=f"{made}/delete")
    again = browser.submit(NEW, sent, page=NEW).location
    assert again != made
    assert len(names(committed)) == 1


@pytest.mark.parametrize("once", ["", "x", "\ud800", "0" * 500])
def test_a_form_that_does_not_say_which_it_is_is_saved_as_a_new_one(
    browser: Browser, committed: Session, user: User, once: str
) -> None:
    assert user.partner is not None
    answer = browser.submit(NEW, form_of(user.partner, once=once.encode("utf-8", "replace").decode()), page=NEW)
    assert "Teams at Contoso" in text_of(browser.page(answer.location))
