"""The browser's way back leads to pages, not to its question whether to send a form again."""

from pathlib import Path

import pytest

from cpor_web.rules.roles import Role
from tests.browser.conftest import NewVisitor
from tests.browser.test_unsent import SCRIPTS
from tests.support import claims, factories, quick_claims
from tests.support.cast import PROOF, link_in
from tests.support.factories import PASSWORD
from tests.support.installation import Installation

pytestmark = pytest.mark.browser


def test_after_an_answer_that_was_incomplete_at_first_the_way_back_leads_to_the_page(
    installation: Installation, visitor: NewVisitor
) -> None:
    asked = quick_claims.running(installation)
    carla = visitor(rules=False).open(link_in(installation.mail_to(asked.address, "You can deny it"), "d"))
    carla.press("Deny this association").tick("Other").press("Deny this association")
    carla.complaints.clear()  # the console notes the 422

    carla.page.go_back()
    carla.page.get_by_role("heading", name="The association was denied").wait_for()
    carla.page.reload()
    carla.page.get_by_role("heading", name="The association was denied").wait_for()


def test_a_new_claim_saved_again_after_the_way_back_is_one_draft(
    installation: Installation, visitor: NewVisitor
) -> None:
    with installation.session() as session:
        email = factories.user(session).email
    ines = visitor(rules=False).sign_in(email, PASSWORD)
    ines.open("/claims/new").fill({"Claim name": "Once"}).press("Save")
    made = ines.page.url

    ines.page.go_back()
    ines.fill({"Claim name": "Once, and better"}).press("Save")

    assert ines.page.url == made
    assert "Once, and better" in ines.words


def test_a_claims_way_back_leads_to_the_list_as_it_was_left_also_after_something_was_done(
    installation: Installation, visitor: NewVisitor
) -> None:
    with installation.session() as session:
        ines, rosa = factories.user(session), factories.user(session, Role.REVIEWER)
        about = {"filer": ines, "name": "Found again"}
        reference = claims.submitted(session, installation.programme, now=installation.now(), **about).reference
    for somebody, left, back in (
        (rosa, f"/review?search={reference}&whose=unassigned", "Review queue"),
        (ines, "/claims?search=found&sort=newest", "Customer associations"),
    ):
        page = visitor(rules=False).sign_in(somebody.email, PASSWORD).open(left).page
        line = page.locator("tbody th").get_by_role("link", name="Found again")
        with page.context.expect_page() as opened:
            line.click(modifiers=["Control"])
        tab = opened.value
        line.click()
        if somebody is rosa:
            page.get_by_role("button", name="Start review").click()
            page.get_by_text("The review has started").wait_for()
        for each in (tab, page):
            each.wait_for_load_state(SCRIPTS)
            each.locator(".back").get_by_role("link", name=back).click()
            each.get_by_role("heading", name=back, level=1).wait_for()
            assert each.url == installation.url + left


def test_the_way_back_leads_to_the_list_as_it_was_left_also_after_a_document_was_uploaded(
    installation: Installation, visitor: NewVisitor, tmp_path: Path
) -> None:
    proof = tmp_path / PROOF.name
    proof.write_bytes(PROOF.content)
    with installation.session() as session:
        ines = factories.user(session)
        claims.editing(session, installation.programme, now=installation.now(), filer=ines, name="Found again")
    left = "/claims?search=found&sort=newest"
    page = visitor(rules=False).sign_in(ines.email, PASSWORD).open(left).follow("Found again").page
    page.wait_for_load_state(SCRIPTS)
    page.get_by_label("Document", exact=True).set_input_files(proof)
    page.get_by_role("button", name="Upload", exact=True).click()
    page.locator(".messages").get_by_text("The document was uploaded.").wait_for()
    page.locator(".back").get_by_role("link", name="Customer associations").click()
    page.get_by_role("heading", name="Customer associations", level=1).wait_for()
    assert page.url == installation.url + left


def test_without_scripts_a_claims_way_back_leads_to_the_list(installation: Installation, visitor: NewVisitor) -> None:
    with installation.session() as session:
        ines = factories.user(session)
        claims.editing(session, installation.programme, now=installation.now(), filer=ines, name="Found again")
    somebody = visitor(scripts=False).sign_in(ines.email, PASSWORD).open("/claims?search=found")
    somebody.follow("Found again").page.locator(".back a").click()
    assert somebody.page.url == f"{installation.url}/claims"
