"""The three main tasks by keyboard alone: a partner files and resubmits, a reviewer decides, a customer denies."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from cpor_web.rules.roles import Role
from tests.browser.conftest import SLOWEST
from tests.browser.keyboard import Keyboard
from tests.support import claims, factories
from tests.support.cast import PROOF, link_in, new_tenant
from tests.support.factories import PASSWORD
from tests.support.installation import Installation

pytestmark = pytest.mark.browser

CUSTOMER = "carla@keys.example.com"


def test_partner_reviewer_and_customer_do_what_they_came_for_without_a_mouse(
    installation: Installation, browser: Browser, tmp_path: Path
) -> None:
    proof = tmp_path / PROOF.name
    proof.write_bytes(PROOF.content)
    with installation.session() as session:
        ines, rosa = factories.user(session), factories.user(session, Role.REVIEWER)
        location = next(each for each in ines.partner.mpn_ids if each.place)  # type: ignore[union-attr]

    def somebody() -> Keyboard:
        context = browser.new_context(base_url=installation.url, reduced_motion="reduce")
        context.set_default_timeout(SLOWEST)
        return Keyboard(context.new_page())

    def signed_in(email: str, start: str) -> Keyboard:
        keyboard = somebody().open("/login").write("Email", email).write("Password", PASSWORD)
        return keyboard.press("Sign in").reads(start)

    filing = signed_in(ines.email, "Customer associations").press("Add customer", "link")
    filing.write("Claim name", "Teams by keyboard").write("MPN ID", location.number)
    filing.write("Customer name", "Keys").write("Customer domain", "keys.example.com")
    filing.write("Customer tenant ID", new_tenant())
    filing.write("Solution area", "Microsoft 365").write("Activity", "Usage").tick("Teams")
    filing.write("Customer contact name", "Carla Conti").write("Customer contact title", "Head of IT")
    filing.write("Customer contact email", CUSTOMER)
    filing.press("Save").reads("Before this can be submitted")
    filing.attach("Document", proof).press("Upload").reads("The document was uploaded")
    filing.press("Submit for approval").reads("You get a mail when the review starts")
    reference = filing.page.url.partition("#")[0].rpartition("/")[2]

    reviewing = signed_in(rosa.email, "Review queue").open(f"/review/{reference}")
    reviewing.press("Start review").reads("The review has started")
    reviewing.tick("Missing or old dates").write("Comment", "Of which day is it?", of="Request information")
    reviewing.press("Request information").reads("Partner action required")

    filing.open(f"/claims/{reference}").reads("Of which day is it?")
    filing.attach("Document", proof).press("Upload").reads("The document was uploaded")
    filing.press("Resubmit").reads("Submitted")

    reviewing.open(f"/review/{reference}").press("Start review").reads("The review has started")
    reviewing.press("Approve").reads("The customer is asked by mail")

    deciding = somebody().open(link_in(installation.mail_to(CUSTOMER, "You can deny it"), "d"))
    deciding.tick("Not these products").press("Deny this association").reads("denies the association")
    deciding.open(link_in(installation.mail_to(CUSTOMER, "Recorded"), "u"))
    deciding.tick("Yes, the denial was a mistake").press("Restore the association").reads("It was restored on")

    with installation.session() as session:
        filed = claims.under_review(
            session,
            installation.programme,
            now=installation.now(),
            filer=session.merge(ines),
            reviewer=session.merge(rosa),
        )
    reviewing.open(f"/review/{filed.reference}").write("Reason", "PoE unavailable")
    reviewing.write("Comment", "The file cannot be opened.", of="Reject").press("Reject").reads("Rejected")
