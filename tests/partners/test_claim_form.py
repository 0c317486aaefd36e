"""Filing and editing a claim: a draft may be incomplete, wrong input loses nothing, what is over stays."""

import re
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup, Tag
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cpor_web.claims.drafts import ContactDraft, Draft
from cpor_web.models import Claim, User
from cpor_web.rules.fields import FIELDS, LABELS
from cpor_web.rules.statuses import Status
from tests.partners.conftest import Desk, draft_of, form_of, location_of
from tests.partners.pages import address, text_of
from tests.support.browser import Browser

NEW = "/claims/new"
SECOND = ContactDraft(name="Dora Dahl", email="dora@contoso.example.com")


def only_claim(session: Session) -> Claim:
    session.rollback()
    return session.scalars(select(Claim)).one()


def error_at(page: BeautifulSoup, name: str) -> str:
    found = page.find(id=f"{name}-error")
    assert isinstance(found, Tag), f"no error at {name}"
    return found.get_text(" ", strip=True)


def without(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, area: str = "", activity: str = "", product: str = ""
) -> None:
    """Have the catalogue be without these from now on."""
    areas = {
        each.key: each._replace(
            activities={key: value for key, value in each.activities.items() if key != activity},
            products={key: value for key, value in each.products.items() if key != product},
        )
        for each in desk.programme.catalogue.areas.values()
        if each.key != area
    }
    smaller = replace(desk.programme, catalogue=replace(desk.programme.catalogue, areas=areas))
    monkeypatch.setitem(desk.app.extensions, "programme", smaller)


def value_of(page: BeautifulSoup, name: str) -> str:
    found = page.find(id=name)
    assert isinstance(found, Tag)
    if found.name == "select":
        chosen = found.find("option", selected=True)
        return str(chosen["value"]) if isinstance(chosen, Tag) else ""
    return str(found.get("value", ""))


def test_every_field_has_its_label(browser: Browser) -> None:
    page = browser.page(NEW)
    words = [label.get_text() for label in page("label")] + [legend.get_text() for legend in page("legend")]
    assert [label for label in LABELS.values() if words.count(label) != 1] == []


def test_a_complete_claim_is_stored_as_it_was_typed(browser: Browser, committed: Session, user: User) -> None:
    assert user.partner is not None
    second = {"second_name": "Dan Dahl", "second_email": "dan@contoso.example.com", "second_language": "sv"}
    answer = browser.submit(NEW, form_of(user.partner, **second), page=NEW)
    claim = only_claim(committed)
    assert answer.location == f"/claims/{claim.reference}"
    stored = Draft.from_claim(claim)
    assert stored.as_fields() == {
        **draft_of(user.partner).as_fields(),
        **second,
        "second_title": "",
        "second_reason": "",
        "products": ("intune", "teams"),
    }


def test_only_the_name_is_needed_and_what_is_missing_is_said(browser: Browser, committed: Session) -> None:
    browser.submit(NEW, {"name": "Contoso, later"}, page=NEW)
    claim = only_claim(committed)
    assert (claim.name, claim.status) == ("Contoso, later", Status.EDITING)
    page = browser.page(f"/claims/{claim.reference}")
    links = {str(link["href"]) for link in page("a") if "#" in str(link["href"])}
    assert f"/claims/{claim.reference}/edit#tenant_id" in links
    assert "#document" in links
    assert page.find("button", string="Submit for approval") is None


def test_the_partner_contact_is_at_first_who_files(browser: Browser, user: User) -> None:
    page = browser.page(NEW)
    assert value_of(page, "partner_contact_name") == "Frida Falk"
    assert value_of(page, "partner_contact_email") == user.email


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("name", "", "Give the claim a name"),
        ("tenant_id", "not-a-guid", "8-4-4-4-12"),
        ("subscription_id", "1234", "8-4-4-4-12"),
        ("customer_domain", "https://contoso.example.com", "without https://"),
        ("contact_email", "carla", "e-mail address"),
        ("partner_contact_email", "frida@", "e-mail address"),
        ("mpn_id", "9999999", "not one of your organisation's"),
        ("area", "no-such-area", "solution area"),
        ("activity", "pre-sales", "is not an activity of Microsoft 365"),
        ("contact_language", "xx", "Choose a language"),
        ("contact_email", "carla@gmail.com", ""),
    ],
)
def test_wrong_input_is_told_at_its_field_and_nothing_typed_is_lost(
    browser: Browser, committed: Session, user: User, name: str, typed: str, sentence: str
) -> None:
    assert user.partner is not None
    sent = form_of(user.partner, **{name: typed})
    answer = browser.submit(NEW, sent, page=NEW)
    assert answer.status_code == 422
    page = BeautifulSoup(answer.text, "html.parser")
    assert sentence in error_at(page, name if sentence else "contact_reason")
    kept = {each.name: value_of(page, each.name) for each in FIELDS if each.name not in {"products", name}}
    assert kept == {key: sent[key] for key in kept}
    checked = {str(box["value"]) for box in page("input", attrs={"name": "products"}) if box.has_attr("checked")}
    assert checked == {"teams", "intune"}
    assert committed.scalars(select(Claim)).all() == []


def test_every_wrong_field_is_told_at_once(browser: Browser, user: User) -> None:
    assert user.partner is not None
    answer = browser.submit(NEW, form_of(user.partner, tenant_id="x", contact_email="y"), page=NEW)
    summary = BeautifulSoup(answer.text, "html.parser").find(id="error-summary")
    assert isinstance(summary, Tag)
    assert [link["href"] for link in summary("a")] == ["#tenant_id", "#contact_email"]


def test_an_address_of_the_partner_itself_is_refused(browser: Browser, user: User) -> None:
    assert user.partner is not None
    own = f"x@{user.partner.domains[0]}"
    answer = browser.submit(NEW, form_of(user.partner, contact_email=own, contact_reason="x"), page=NEW)
    assert "your own organisation" in error_at(BeautifulSoup(answer.text, "html.parser"), "contact_email")


def test_an_address_elsewhere_is_taken_with_a_reason(browser: Browser, committed: Session, user: User) -> None:
    assert user.partner is not None
    sent = form_of(user.partner, contact_email="carla@adatum.example.org", contact_reason="She works there now.")
    browser.submit(NEW, sent, page=NEW)
    [contact] = only_claim(committed).contacts
    assert contact.needs_confirmation
    assert contact.reason == "She works there now."


def test_a_www_before_the_domain_is_taken_off(browser: Browser, committed: Session, user: User) -> None:
    assert user.partner is not None
    answer = browser.submit(NEW, form_of(user.partner, customer_domain="WWW.contoso.example.com"), page=NEW)
    assert answer.status_code == 302, "the contact's address is within the domain"
    assert only_claim(committed).customer_domain == "contoso.example.com"


def test_the_error_of_an_address_elsewhere_names_the_domain(browser: Browser, user: User) -> None:
    assert user.partner is not None
    sent = form_of(user.partner, contact_email="carla@adatum.example.org")
    page = BeautifulSoup(browser.submit(NEW, sent, page=NEW).text, "html.parser")
    assert "not within the customer's domain, contoso.example.com." in error_at(page, "contact_reason")


def test_only_location_ids_can_be_claimed_under(browser: Browser, user: User) -> None:
    assert user.partner is not None
    choice = browser.page(NEW).find("select", id="mpn_id")
    assert isinstance(choice, Tag)
    [unusable] = [each.number for each in user.partner.mpn_ids if each.kind == "global"]
    options = {str(each["value"]): each.get_text() for each in choice("option")}
    assert set(options) == {"", unusable, location_of(user.partner)}
    assert "global" in options[unusable]
    answer = browser.submit(NEW, form_of(user.partner, mpn_id=unusable), page=NEW)
    assert "only locations" in error_at(BeautifulSoup(answer.text, "html.parser"), "mpn_id")


def offered(page: BeautifulSoup) -> tuple[list[str], dict[str, list[str]]]:
    """Return the activities that can be chosen, and the products that can be ticked, by area."""
    activity = page.find("select", id="activity")
    assert isinstance(activity, Tag)
    activities = [
        str(each["value"]) for each in activity("option") if each["value"] and not each.has_attr("disabled")
    ]
    groups = [each for each in page("fieldset", attrs={"data-area": True}) if not each.has_attr("disabled")]
    return activities, {str(g["data-area"]): [label.get_text(strip=True) for label in g("label")] for g in groups}


def test_without_an_area_everything_is_offered_once(browser: Browser) -> None:
    activities, products = offered(browser.page(NEW))
    assert activities == ["pre-sales", "usage", "revenue-association"]
    assert set(products) == {"business-applications", "microsoft-365"}
    assert "Teams" in products["microsoft-365"]


def test_the_button_shows_what_fits_the_area_and_saves_nothing(browser: Browser, committed: Session) -> None:
    sent = {"name": "Contoso", "area": "microsoft-365", "refresh": "1", "products": ["teams"], "tenant_id": "half"}
    answer = browser.submit(NEW, sent, page=NEW)
    assert answer.status_code == 200
    page = BeautifulSoup(answer.text, "html.parser")
    activities, products = offered(page)
    assert activities == ["usage"]
    assert set(products) == {"microsoft-365"}
    assert (value_of(page, "name"), value_of(page, "tenant_id")) == ("Contoso", "half")
    assert [box["value"] for box in page("input", attrs={"name": "products"}) if box.has_attr("checked")] == ["teams"]
    assert committed.scalars(select(Claim)).all() == []


def test_after_submission_only_some_fields_can_be_edited(browser: Browser, desk: Desk) -> None:
    claim = desk.claim(Status.SUBMITTED)
    page = browser.page(f"/claims/{claim.reference}/edit")
    inputs = {str(each["name"]) for each in page(["input", "select"]) if each.get("name")}
    assert inputs - {"csrf_token", "seen"} == {each.name for each in FIELDS if each.is_correctable}
    form = page.find("form", class_="form-page")
    assert isinstance(form, Tag)
    assert "contoso.example.com" in form.get_text()
    assert "Microsoft 365" in form.get_text()


def test_what_cannot_be_edited_stays_whatever_is_sent(browser: Browser, desk: Desk, user: User) -> None:
    claim = desk.claim(Status.SUBMITTED)
    assert user.partner is not None
    edit = f"/claims/{claim.reference}/edit"
    sent = form_of(user.partner, name="Other", customer_name="Other", products=["teams"], seen=claim.version)
    answer = browser.submit(edit, sent, page=edit)
    assert answer.status_code == 302
    claim = desk.now_of(claim)
    assert (claim.name, claim.customer_name, claim.product_keys) == ("Teams at Contoso", "Contoso", ["teams"])


def test_a_submitted_claim_cannot_lose_its_last_product(browser: Browser, desk: Desk, user: User) -> None:
    claim = desk.claim(Status.SUBMITTED)
    assert user.partner is not None
    edit = f"/claims/{claim.reference}/edit"
    answer = browser.submit(edit, form_of(user.partner, products=[], seen=claim.version), page=edit)
    assert answer.status_code == 422
    assert "cannot be empty" in error_at(BeautifulSoup(answer.text, "html.parser"), "products")
    assert len(desk.now_of(claim).products) == 2


def test_what_left_the_catalogue_keeps_nobody_from_editing_and_is_taken_off_by_who_unticks_it(
    browser: Browser, desk: Desk, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = desk.claim(Status.SUBMITTED, products=("teams", "intune"))
    without(desk, monkeypatch, activity="usage", product="intune")
    assert user.partner is not None
    edit = f"/claims/{claim.reference}/edit"
    [gone] = [box for box in browser.page(edit)("input", attrs={"name": "products"}) if box["value"] == "intune"]
    assert gone.has_attr("checked")
    assert gone.find_parent("fieldset").legend.get_text() == "Not offered any more"

    kept = form_of(user.partner, partner_contact_name="Nora", seen=claim.version)
    page = BeautifulSoup(browser.submit(edit, kept, page=edit).text, "html.parser")
    assert error_at(page, "products").endswith("Not a product of Microsoft 365: intune.")
    assert browser.submit(edit, kept | {"products": ["teams"]}, page=edit).status_code == 302
    claim = desk.now_of(claim)
    assert (claim.partner_contact_name, claim.product_keys, claim.activity) == ("Nora", ["teams"], "usage")


def test_a_claim_whose_area_left_the_catalogue_keeps_its_products(
    browser: Browser, desk: Desk, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = desk.claim(Status.SUBMITTED)
    without(desk, monkeypatch, area="microsoft-365")
    edit = f"/claims/{claim.reference}/edit"
    boxes = browser.page(edit)("input", attrs={"name": "products"})
    ticked = [box["value"] for box in boxes if box.has_attr("checked")]
    assert sorted(ticked) == sorted(claim.product_keys)
    assert user.partner is not None
    sent = form_of(user.partner, partner_contact_name="Nora", products=ticked, seen=claim.version)
    assert browser.submit(edit, sent, page=edit).status_code == 302
    assert desk.now_of(claim).partner_contact_name == "Nora"

    added = {**sent, "partner_contact_name": "Nina", "products": [*ticked, "You have won"]}
    answer = browser.submit(edit, added | {"seen": desk.now_of(claim).version}, page=edit)
    assert answer.status_code == 422
    assert error_at(BeautifulSoup(answer.text, "html.parser"), "products").endswith(": You have won.")


def test_two_who_edit_at_once_lose_nothing(browser: Browser, desk: Desk, user: User) -> None:
    claim = desk.claim()
    assert user.partner is not None
    edit = f"/claims/{claim.reference}/edit"
    old = claim.version
    browser.submit(edit, form_of(user.partner, customer_name="First", seen=old), page=edit)
    answer = browser.submit(edit, form_of(user.partner, customer_name="Second", seen=old), page=edit)
    assert answer.status_code == 409
    page = BeautifulSoup(answer.text, "html.parser")
    assert value_of(page, "customer_name") == "Second"
    told = page.find(class_="message--error")
    assert isinstance(told, Tag)
    assert "The claim was edited." in told.get_text()
    assert desk.now_of(claim).customer_name == "First"
    [seen] = re.findall(r'name="seen" value="(\d+)"', answer.text)
    browser.submit(edit, form_of(user.partner, customer_name="Second", seen=seen), page=edit)
    assert desk.now_of(claim).customer_name == "Second"


@pytest.mark.parametrize("status", [Status.UNDER_REVIEW, Status.APPROVED, Status.REJECTED])
def test_no_other_status_edits_anything(browser: Browser, desk: Desk, user: User, status: Status) -> None:
    claim = desk.claim(status)
    assert user.partner is not None
    edit = f"/claims/{claim.reference}/edit"
    assert browser.get(edit).location == f"/claims/{claim.reference}"
    sent = form_of(user.partner, customer_name="Other", seen=claim.version)
    answer = browser.submit(edit, sent, page="/claims")
    assert answer.status_code == 409
    assert 'value="Other"' in answer.text, "what was typed is still there"
    assert desk.now_of(claim).customer_name == "Contoso"


def test_a_draft_without_a_contact_lacks_name_and_address_but_no_language(browser: Browser, desk: Desk) -> None:
    browser.submit("/claims/new", {"name": "Bare", "contact_language": "hu"}, page="/claims/new")
    page = browser.page("/claims")
    [draft] = [link for link in page.select("table a") if link.get_text() == "Bare"]
    missing = browser.page(str(draft["href"])).select_one(".notice--warning")
    assert missing is not None
    lacking = [link.get_text() for link in missing("a")]
    assert {"Customer contact name", "Customer contact email", "Proof of execution"} <= set(lacking)
    assert not [label for label in lacking if "language" in label]


def test_a_new_claim_from_this_one_is_saved_only_by_save_and_says_what_it_takes_over(
    browser: Browser, desk: Desk, committed: Session
) -> None:
    old = desk.claim(Status.SUBMITTED, second=SECOND)
    begin = address(old, "new")
    page = browser.page(begin)
    assert committed.scalar(select(func.count()).select_from(Claim)) == 1, "looking has filed one"
    words = text_of(page)
    assert "Taken over: MPN ID, Solution area, Activity, Products, Customer contact language" in words
    needed = [a["href"] for a in page.find(id="begun").find_parent("section")("a", href=re.compile("^#"))]
    texts = ("name", "customer_name", "customer_domain", "tenant_id", "contact_name", "contact_email")
    assert needed == [f"#{name}" for name in texts]
    assert {page.find(id=name)["value"] for name in ("name", "tenant_id", "contact_email", "second_email")} == {""}
    same = browser.page(page.find("a", string="For the same customer instead, with its contacts")["href"])
    assert same.find(id="second_email")["value"] == "dora@contoso.example.com"
    assert "To be filled in" not in text_of(same)
    assert browser.page(address(desk.claim(Status.REJECTED), "new")).find(id="name")["value"] == "Teams at Contoso"


def test_a_contact_of_the_customer_before_is_not_taken_along_to_another_one(
    browser: Browser, desk: Desk, user: User
) -> None:
    old = desk.claim(Status.REJECTED, second=SECOND)
    begin = address(old, "new?customer=same")
    other = {
        "customer_name": "Litware",
        "customer_domain": "litware.example.com",
        "tenant_id": "99999999-2222-4333-8444-555555555555",
        "contact_email": "lena@litware.example.com",
        "second_name": "Dora Dahl",
        "second_email": "Dora@contoso.example.com",
        "second_reason": "She knows it.",
    }
    assert user.partner is not None
    answer = browser.submit(begin, form_of(user.partner, **other), page=begin)
    assert answer.status_code == 422
    assert "This is a contact of Contoso." in answer.text
    left_empty = form_of(user.partner, **other | dict.fromkeys(("second_name", "second_email", "second_reason"), ""))
    assert browser.submit(begin, left_empty, page=begin).status_code == 302


def test_a_domain_with_what_cannot_be_seen_is_refused_beside_a_tenant_that_is_none_of_it(
    browser: Browser, user: User
) -> None:
    assert user.partner is not None
    answer = browser.submit(NEW, form_of(user.partner, customer_domain="a\x00b.example.com"), page=NEW)
    assert answer.status_code == 422
    assert error_at(BeautifulSoup(answer.text, "html.parser"), "customer_domain")
