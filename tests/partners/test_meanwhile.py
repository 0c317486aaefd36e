"""Two people edit one claim: the second undoes nothing that they had not touched, and decides the rest."""

from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from werkzeug.test import TestResponse

from cpor_web import clock
from cpor_web.claims import operations
from cpor_web.claims.drafts import Draft
from cpor_web.models import Claim, MpnId, MpnKind
from cpor_web.rules.statuses import Status
from tests.partners.conftest import Desk, form_of, location_of
from tests.partners.pages import address, text_of
from tests.partners.test_claim_form import value_of
from tests.support.browser import Browser


def send(browser: Browser, desk: Desk, claim: Claim, seen: int, **typed: Any) -> TestResponse:
    """Save what a page says that was opened with the version `seen`, and on which `typed` was changed."""
    edit = address(claim, "edit")
    return browser.submit(edit, form_of(desk.user.partner, **typed, seen=seen), page=edit)


def first_saves(desk: Desk, claim: Claim, **changed: Any) -> None:
    """Let a colleague's change come first."""
    before = Draft.from_claim(desk.now_of(claim))
    draft = Draft(**{name: changed.get(name, getattr(before, name)) for name in Draft.__dataclass_fields__})
    how = {"actor": desk.user.actor, "now": clock.utcnow(), "programme": desk.programme}
    operations.save(desk.session, claim, draft, **how)
    desk.session.commit()


def read(answer: TestResponse) -> BeautifulSoup:
    assert answer.status_code == 409
    return BeautifulSoup(answer.text, "html.parser")


def hint_at(page: BeautifulSoup, name: str) -> str:
    hint = page.find(id=f"{name}-hint")
    return hint.get_text(" ", strip=True) if isinstance(hint, Tag) else ""


def ticked(page: BeautifulSoup) -> set[str]:
    return {str(box["value"]) for box in page("input", attrs={"name": "products"}) if box.has_attr("checked")}


def test_what_was_not_touched_takes_over_what_came_and_the_rest_is_for_the_second_to_decide(
    browser: Browser, desk: Desk
) -> None:
    claim = desk.claim(Status.SUBMITTED)
    seen = claim.version
    first_saves(desk, claim, partner_contact_name="Ida Berg", partner_contact_email="ida@fabrikam.example.org")
    first_saves(desk, claim, partner_contact_name="Ida Bergman")

    page = read(send(browser, desk, claim, seen, partner_contact_email="ivar@fabrikam.example.org"))

    assert value_of(page, "partner_contact_name") == "Ida Bergman"
    assert hint_at(page, "partner_contact_name") == ""
    assert value_of(page, "partner_contact_email") == "ivar@fabrikam.example.org"
    assert "Your own text is kept" in text_of(page)
    assert hint_at(page, "partner_contact_email").startswith(
        "Now: ida@fabrikam.example.org, changed by Frida Falk (Incentives admin)."
    )
    assert "Partner contact name : Frida Falk → Ida Bergman (Frida Falk (Incentives admin)" in text_of(page)
    assert desk.now_of(claim).partner_contact_email == "ida@fabrikam.example.org"


def test_products_are_merged_one_by_one(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.SUBMITTED)
    seen = claim.version
    first_saves(desk, claim, products=("teams", "onedrive"))

    page = read(send(browser, desk, claim, seen, products=["intune", "exchange-online"]))

    assert ticked(page) == {"onedrive", "exchange-online"}, "each took one away and added one"
    told = text_of(page)
    assert "Products : Intune, Teams → OneDrive for Business, Teams" in told
    assert "intune, teams" not in told


def test_keys_are_never_shown(browser: Browser, desk: Desk) -> None:
    claim = desk.claim()
    assert claim.partner is not None
    second = MpnId(number="2999999", kind=MpnKind.LOCATION, place="Bergen")
    claim.partner.mpn_ids.append(second)
    desk.session.commit()
    seen, first = claim.version, location_of(claim.partner)
    first_saves(desk, claim, mpn_id="2999999", area="business-applications", activity="usage", products=())

    told = text_of(read(send(browser, desk, claim, seen)))

    assert f"MPN ID : {first} – Oslo → 2999999 – Bergen" in told
    assert "Solution area : Microsoft 365 → Business Applications" in told
    assert "Products : Intune, Teams → (empty)" in told
    history = text_of(browser.page(address(claim, "history")))
    assert "Solution area: Microsoft 365 → Business Applications" in history
    assert "Products: Intune, Teams → (empty)" in history


@pytest.mark.parametrize("wrong", [{"contact_email": "no address"}, {"refresh": "1"}])
def test_neither_a_mistake_nor_the_button_for_products_makes_an_old_page_a_new_one(
    browser: Browser, desk: Desk, wrong: dict[str, str]
) -> None:
    claim = desk.claim()
    seen = claim.version
    first_saves(desk, claim, customer_name="Contoso Ltd")

    page = read(send(browser, desk, claim, seen, **wrong))

    assert value_of(page, "customer_name") == "Contoso Ltd"
    assert desk.now_of(claim).customer_name == "Contoso Ltd"


def test_what_both_wrote_alike_is_nothing_to_decide(browser: Browser, desk: Desk) -> None:
    claim = desk.claim()
    seen = claim.version
    first_saves(desk, claim, customer_name="Contoso Ltd")
    page = read(send(browser, desk, claim, seen, customer_name="Contoso Ltd"))
    assert hint_at(page, "customer_name") == ""
    assert "Your own text is kept" not in text_of(page)


def test_what_was_typed_where_nothing_can_be_edited_any_more_is_shown_again(browser: Browser, desk: Desk) -> None:
    claim = desk.claim()
    seen = claim.version
    desk.upload(claim)
    how = {"actor": desk.user.actor, "now": clock.utcnow(), "programme": desk.programme}
    operations.submit(desk.session, desk.now_of(claim), **how)
    desk.session.commit()

    typed = {"customer_name": "Contoso Ltd", "area": "business-applications", "partner_contact_name": "Ida Berg"}
    page = read(send(browser, desk, claim, seen, **typed))

    assert value_of(page, "partner_contact_name") == "Ida Berg"
    told = [line.get_text() for line in page.select("[aria-labelledby=out-of-reach] li")]
    assert told == ["Customer name: Contoso Ltd", "Solution area: Business Applications"]
    assert desk.now_of(claim).customer_name == "Contoso"


def test_a_page_on_which_it_could_not_be_typed_any_more_is_told_nothing_of_it(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.SUBMITTED)
    edit = address(claim, "edit")
    there = {each["name"] for each in browser.page(edit).main(["input", "select"])}
    sent = {name: value for name, value in form_of(desk.user.partner, seen=claim.version).items() if name in there}
    first_saves(desk, claim, partner_contact_name="Ida Berg")

    page = read(browser.submit(edit, sent, page=edit))

    assert "customer_name" not in sent
    assert page.find(id="out-of-reach") is None
