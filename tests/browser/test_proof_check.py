"""The check of the proof, from the partner's grid to the request that it fills in; with scripts, and without."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from cpor_web.models import Document
from cpor_web.rules.roles import Role
from cpor_web.samples import proof
from tests.browser.conftest import SLOWEST, NewVisitor
from tests.support import claims, factories
from tests.support.factories import PASSWORD
from tests.support.installation import Installation

pytestmark = pytest.mark.browser

DATE = "A date within 12 months before submission, Teams"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_what_the_reviewer_finds_missing_reaches_the_partner_in_words(
    installation: Installation, visitor: NewVisitor, tmp_path: Path, *, scripts: bool
) -> None:
    order = tmp_path / "order.pdf"
    order.write_bytes(proof.pdf(("Signed order",)))
    with installation.session() as session:
        ines, rosa = factories.user(session), factories.user(session, Role.REVIEWER)
        about = {"now": installation.now(), "filer": ines, "products": ("teams",)}
        claim = claims.editing(session, installation.programme, **about)
        session.query(Document).filter_by(claim_id=claim.id).delete()
        reference, name = claim.reference, claim.name

    partner = visitor(scripts=scripts).sign_in(ines.email, PASSWORD).open(f"/claims/{reference}")
    partner.attach("Document", order).press("Upload")
    assert "You have not said where 5 of them are" in partner.words
    partner.page.get_by_role("link", name="Check your proof").first.click()
    partner.page.get_by_label(f"Document – {DATE}", exact=True).select_option(label="order.pdf (1 page)")
    partner.fill({f"Page or place – {DATE}": "1"}).look().press("Save the check")
    assert "You have not said where 4 of them are" in partner.words
    partner.press("Submit for approval")

    reviewer = visitor(scripts=scripts).sign_in(rosa.email, PASSWORD).open(f"/review/{reference}")
    reviewer.press("Start review").follow("Check the proof, document beside grid")
    reviewer.follow("order.pdf, page 1")
    assert "/shown#page=1&view=FitH" in reviewer.page.locator("iframe").get_attribute("src", timeout=SLOWEST)  # type: ignore[union-attr]
    cell = reviewer.page.get_by_role("group", name=f"Teams – {DATE.partition(',')[0]}", exact=True)
    expect(cell.get_by_label("Where", exact=False)).to_be_hidden()
    cell.get_by_label("Missing", exact=True).check()
    reviewer.fill({f"What is missing – {DATE}": "The order has no date"}).press("Save the check")
    assert "is marked missing without all three" in reviewer.words
    reviewer.fill({f"Where – {DATE}": "page 1", f"How to mend it – {DATE}": "Upload the dated order"})
    if scripts:
        reviewer.follow("order.pdf, page 1")
        expect(cell.get_by_label("Where", exact=False)).to_have_value("page 1")
    reviewer.press("Save the check").follow("Request information")
    reviewer.press("Request information")

    partner.open(f"/claims/{reference}")
    assert name in partner.page.title()
    assert "Teams: The order has no date. Where: page 1. How to mend it: Upload the dated order" in partner.words
