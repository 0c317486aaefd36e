"""What a partner is warned of: beside the field, before it submits, and kept where reviewers read it."""

from bs4 import BeautifulSoup, Tag
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.models import Claim, Event, User
from cpor_web.rules.statuses import Status
from tests.partners.conftest import Desk, form_of
from tests.partners.pages import address, text_of
from tests.support import factories
from tests.support.browser import Browser

NEW = "/claims/new"
ALREADY = "You have claimed the same for this tenant already"


def warning_at(page: BeautifulSoup, name: str) -> str:
    found = page.find(id=f"{name}-warning")
    return found.get_text(" ", strip=True) if isinstance(found, Tag) else ""


def marks(page: BeautifulSoup) -> list[str]:
    return [str(each["value"]) for each in page("input", attrs={"name": "past"})]


def file_twice(browser: Browser, desk: Desk) -> tuple[Claim, Claim]:
    """Return a submitted claim and a draft of the same, which was saved in the browser."""
    first = desk.claim(Status.SUBMITTED)
    assert desk.user.partner is not None
    answer = browser.submit(NEW, form_of(desk.user.partner, name="The same again"), page=NEW)
    second = desk.session.scalars(select(Claim).where(Claim.name == "The same again")).one()
    assert answer.location == address(second, "edit")
    return first, second


def test_what_was_claimed_already_is_saved_and_said_beside_the_products(browser: Browser, desk: Desk) -> None:
    first, second = file_twice(browser, desk)
    page = browser.page(address(second, "edit"))
    assert warning_at(page, "products") == f"Warning: {ALREADY}: {first.reference}."
    link = page.select_one(f"section[aria-labelledby=warned] a[href='{address(first)}']")
    assert isinstance(link, Tag)
    assert link.get_text() == first.reference
    onward = page.find("a", string="Go on to the claim")
    assert isinstance(onward, Tag)
    assert onward["href"] == address(second)


def test_back_on_the_form_because_of_a_warning_one_reads_what_is_still_missing(browser: Browser, desk: Desk) -> None:
    desk.claim(Status.SUBMITTED)
    assert desk.user.partner is not None
    sent = form_of(desk.user.partner, contact_name="", contact_email="")
    answer = browser.submit(NEW, sent, page=NEW)
    assert answer.location.endswith("/edit")
    words = browser.get(answer.location).text
    assert "Still missing before it can be submitted: Customer contact name, Customer contact email." in words


def test_on_the_page_of_what_was_saved_all_that_is_missing_is_said_once(browser: Browser, desk: Desk) -> None:
    assert desk.user.partner is not None
    answer = browser.submit(NEW, form_of(desk.user.partner, contact_name=""), page=NEW)
    page = browser.page(answer.location)
    missing = page.find("p", string="Before this can be submitted, these are missing:")
    assert isinstance(missing, Tag)
    assert [item.get_text() for item in missing.find_next("ul")("li")] == [
        "Customer contact name",
        "Proof of execution",
    ]
    assert "Still missing" not in page.get_text()


def test_a_domain_known_with_another_tenant_is_said_beside_the_tenant_when_saved(
    browser: Browser, desk: Desk
) -> None:
    first = desk.claim(Status.SUBMITTED)
    assert desk.user.partner is not None
    tenant = "00000001-2222-4333-8444-555555555555"
    browser.submit(NEW, form_of(desk.user.partner, name="Mistyped", tenant_id=tenant), page=NEW)
    second = desk.session.scalars(select(Claim).where(Claim.name == "Mistyped")).one()
    words = f"{first.reference}, names contoso.example.com with the tenant {first.tenant_id}. Check which of the two"
    assert words in warning_at(browser.page(address(second, "edit")), "tenant_id")
    third = desk.claim(name="As mistyped", tenant_id=tenant)
    assert warning_at(browser.page(address(third, "edit")), "tenant_id") == "", "this tenant is known with the domain"


def test_a_warning_that_was_there_before_keeps_nobody_from_the_claim(browser: Browser, desk: Desk) -> None:
    _, second = file_twice(browser, desk)
    assert desk.user.partner is not None
    again = form_of(desk.user.partner, name="Still the same", seen=second.version)
    assert browser.submit(address(second, "edit"), again, page=address(second, "edit")).location == address(second)


def test_another_partners_claim_of_the_same_is_no_warning(browser: Browser, desk: Desk, committed: Session) -> None:
    stranger = factories.user(committed)
    committed.commit()
    desk.claim(Status.APPROVED, user=stranger)
    draft = desk.claim()
    assert marks(browser.page(address(draft))) == []


def test_a_rejected_claim_of_the_same_is_no_warning(browser: Browser, desk: Desk) -> None:
    desk.claim(Status.REJECTED)
    assert marks(browser.page(address(desk.claim()))) == []


def test_what_was_read_is_gone_past_and_reviewers_read_it_on_the_claim(browser: Browser, desk: Desk) -> None:
    first, second = file_twice(browser, desk)
    desk.upload(second)
    page = browser.page(address(second))
    assert ALREADY in text_of(page)
    browser.submit(
        address(second, "submit"), {"seen": desk.now_of(second).version, "past": marks(page)}, page=address(second)
    )
    assert desk.now_of(second).status is Status.SUBMITTED
    warned = desk.session.scalars(select(Event).where(Event.kind == "claim:warned")).one()
    assert warned.claim_id == second.id
    assert [each["field"] for each in warned.data["warnings"]] == ["products"]
    assert f"Products: {ALREADY}: {first.reference}." in text_of(browser.page(address(second, "history")))


def test_a_warning_that_came_since_is_to_be_read_first(browser: Browser, desk: Desk) -> None:
    draft = desk.claim()
    desk.upload(draft)
    seen = desk.now_of(draft).version
    desk.claim(Status.SUBMITTED, name="A colleague's")
    answer = browser.submit(address(draft, "submit"), {"seen": seen}, page=address(draft))
    assert answer.status_code == 409
    page = BeautifulSoup(answer.text, "html.parser")
    assert ALREADY in text_of(page)
    assert desk.now_of(draft).status is Status.EDITING
    browser.submit(address(draft, "submit"), {"seen": seen, "past": marks(page)}, page=address(draft))
    assert desk.now_of(draft).status is Status.SUBMITTED


def test_the_only_location_is_chosen_and_what_never_earns_is_said(browser: Browser, user: User) -> None:
    page = browser.page(NEW)
    chosen = page.select_one("#mpn_id option[selected]")
    assert user.partner is not None
    assert chosen is not None
    assert [chosen["value"]] == [each.number for each in user.partner.mpn_ids if each.kind == "location"]
    assert "Never earns incentives: Revenue association." in text_of(page)


def test_old_proof_is_warned_of_and_no_day_is_refused(browser: Browser, desk: Desk) -> None:
    assert desk.user.partner is not None
    browser.submit(NEW, form_of(desk.user.partner, name="Long ago", proof_date="2019-02-28"), page=NEW)
    claim = desk.session.scalars(select(Claim).where(Claim.name == "Long ago")).one()
    assert "more than 12 months ago" in warning_at(browser.page(address(claim, "edit")), "proof_date")
    answer = browser.submit(NEW, form_of(desk.user.partner, proof_date="2026-02-30"), page=NEW)
    assert answer.status_code == 422
