"""What somebody asked for is in sight, in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from cpor_web.rules.roles import Role
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import DESK, PHONE
from tests.support import claims, factories
from tests.support.cast import PROOF
from tests.support.factories import PASSWORD
from tests.support.installation import Installation

pytestmark = pytest.mark.browser

NARROW = {"width": 320, "height": 640}


def test_the_products_of_each_area_stand_below_each_other(installation: Installation, visitor: NewVisitor) -> None:
    with installation.session() as session:
        email = factories.user(session).email
    ines = visitor(windows=[(DESK, "light"), (NARROW, "dark")], rules=False).sign_in(email, PASSWORD)
    ines.open("/claims/new")
    area = ines.page.get_by_label("Solution area", exact=True)
    for option in filter(None, (each.get_attribute("value") for each in area.get_by_role("option").all())):
        area.select_option(option)
        ines.look()
        labels = ines.page.locator("#products label:visible").all()
        boxes = [box for each in labels if (box := each.bounding_box())]
        assert len(boxes) > 1
        assert len({box["x"] for box in boxes}) == 1, option
        assert all(box["height"] < 3 * 24 for box in boxes), f"{option}: letters below each other"


def test_short_fields_of_a_claim_stand_side_by_side_on_a_desk_and_below_each_other_on_a_phone(
    installation: Installation, visitor: NewVisitor
) -> None:
    with installation.session() as session:
        email = factories.user(session).email
    page = visitor(rules=False).sign_in(email, PASSWORD).open("/claims/new").page
    pairs = [
        ("Claim name", "MPN ID"),
        ("Customer name", "Customer domain"),
        ("Solution area", "Activity"),
        ("Customer contact email", "Customer contact language"),
        ("Partner contact name", "Partner contact email"),
    ]
    for pair in pairs:
        first, second = (page.get_by_label(label, exact=True) for label in pair)
        page.set_viewport_size(DESK)  # type: ignore[arg-type]
        (left, top, width), (right, beside, _) = _place(first), _place(second)
        assert top == beside, pair
        assert left + width < right, pair
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        (left, top, width), (under, lower, same) = _place(first), _place(second)
        assert (left, width) == (under, same), pair
        assert top < lower, pair
        first.focus()
        page.keyboard.press("Tab")
        expect(second).to_be_focused()


def _place(field: Locator) -> tuple[float, float, float]:
    box = field.bounding_box()
    assert box
    return box["x"], box["y"], box["width"]


def test_who_searches_is_led_to_what_was_found(installation: Installation, visitor: NewVisitor) -> None:
    with installation.session() as session:
        filer, rosa = factories.user(session), factories.user(session, Role.REVIEWER)
        claim = claims.submitted(session, installation.programme, now=installation.now(), filer=filer)
        name, reference = claim.name, claim.reference
    for email, path in ((filer.email, "/claims"), (rosa.email, "/review")):
        somebody = visitor(windows=[(PHONE, "light")], rules=False).sign_in(email, PASSWORD).open(path)
        somebody.page.get_by_label("Search", exact=True).fill(reference)
        somebody.page.get_by_label("Search", exact=True).press("Enter")
        expect(somebody.page.locator("#claims")).to_be_in_viewport()
        expect(somebody.page.get_by_role("link", name=name, exact=True).last).to_be_in_viewport()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_who_uploads_sees_that_it_was(
    installation: Installation, visitor: NewVisitor, tmp_path: Path, scripts: bool
) -> None:
    with installation.session() as session:
        filer = factories.user(session)
        reference = claims.editing(session, installation.programme, now=installation.now(), filer=filer).reference
    proof = tmp_path / PROOF.name
    proof.write_bytes(PROOF.content)
    ines = visitor(scripts=scripts, windows=[(PHONE, "light")], rules=False).sign_in(filer.email, PASSWORD)
    ines.open(f"/claims/{reference}").attach("Document", proof).press("Upload")
    expect(ines.page.locator(".messages").get_by_text("The document was uploaded.")).to_be_in_viewport()


def test_what_is_new_since_a_page_was_opened_takes_the_focus(installation: Installation, visitor: NewVisitor) -> None:
    with installation.session() as session:
        rosa = factories.user(session, Role.REVIEWER)
        reference = claims.submitted(session, installation.programme, now=installation.now()).reference
    first, second = (visitor(rules=False).sign_in(rosa.email, PASSWORD).open(f"/review/{reference}") for _ in "12")
    first.press("Start review")
    second.page.get_by_role("button", name="Start review", exact=True).click()
    alert = second.page.get_by_role("alert").first
    expect(alert).to_contain_text("changed since you opened this page")
    expect(alert).to_be_focused()
    expect(alert).to_be_in_viewport()
    second.complaints = [each for each in second.complaints if "409 (CONFLICT)" not in each]  # as it has to be
