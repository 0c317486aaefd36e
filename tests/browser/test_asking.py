"""What would be lost, or can be done only once, is asked about in the page's own words."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.browser.conftest import SLOWEST, NewVisitor
from tests.browser.test_unsent import SCRIPTS
from tests.support import claims, factories
from tests.support.cast import PROOF
from tests.support.factories import PASSWORD
from tests.support.installation import Installation

pytestmark = pytest.mark.browser

PHONE: ViewportSize = {"width": 390, "height": 844}


def test_a_document_that_was_not_uploaded_is_asked_about_before_it_is_lost(
    installation: Installation, browser: Browser, tmp_path: Path
) -> None:
    proof = tmp_path / PROOF.name
    proof.write_bytes(PROOF.content)
    with installation.session() as session:
        email = factories.user(session).email
    page = browser.new_context(base_url=installation.url, viewport=PHONE).new_page()
    page.set_default_timeout(SLOWEST)
    page.goto("/login")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Add customer").click()
    page.get_by_label("Claim name").fill("Half sent")
    page.get_by_role("button", name="Save").click()
    document = page.get_by_label("Document")
    document.set_input_files(proof)
    page.wait_for_load_state(SCRIPTS)

    page.get_by_role("button", name="Delete draft").click()
    question = page.get_by_role("alertdialog", name="would be lost. Go on without it?")
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_be_hidden()
    expect(document).to_be_focused()
    assert document.evaluate("field => field.files.length") == 1, "who says no stays, with the document"
    page.get_by_role("link", name="Proof of execution").click()  # on the same page: that loses nothing either

    page.get_by_role("button", name="Delete draft").click()
    question.get_by_role("button", name="Delete draft").click()
    page.wait_for_url("**/delete?*")
    page.go_back()
    page.get_by_label("Document").set_input_files(proof)
    page.get_by_role("button", name="Upload").click()  # sending it asks nothing
    expect(page.locator(".messages")).to_contain_text("The document was uploaded.")
    expect(page.locator(".messages")).to_be_in_viewport()


def test_a_dispute_is_asked_about_once_more_and_who_says_no_keeps_what_they_wrote(
    installation: Installation, visitor: NewVisitor
) -> None:
    with installation.session() as session:
        ines = factories.user(session)
        reference = claims.rejected(session, installation.programme, now=installation.now(), filer=ines).reference
    somebody = visitor().sign_in(ines.email, PASSWORD).open(f"/claims/{reference}")
    page, words = somebody.page, somebody.page.get_by_label("Business justification")
    words.fill("It is on the last page.")
    page.wait_for_load_state(SCRIPTS)
    dispute = page.get_by_role("button", name="Dispute", exact=True)
    question = page.get_by_role("alertdialog", name="This is your only dispute of this claim")

    dispute.press("Enter")
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    somebody.look()
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(dispute).to_be_focused()
    expect(words).to_have_value("It is on the last page.")

    dispute.press("Enter")
    page.keyboard.press("Enter")
    expect(question).to_be_hidden()
    expect(words).to_have_value("It is on the last page.")

    dispute.press("Enter")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".messages")).to_contain_text("The rejection is disputed.")


def test_a_dispute_in_which_nothing_is_given_is_not_asked_about_but_answered(
    installation: Installation, visitor: NewVisitor
) -> None:
    with installation.session() as session:
        ines = factories.user(session)
        reference = claims.rejected(session, installation.programme, now=installation.now(), filer=ines).reference
    somebody = visitor(rules=False).sign_in(ines.email, PASSWORD).open(f"/claims/{reference}")
    page, words = somebody.page, somebody.page.get_by_label("Business justification")
    dispute = page.get_by_role("button", name="Dispute", exact=True)
    page.wait_for_load_state(SCRIPTS)
    words.fill(" \n ")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        dispute.click()
    expect(page.locator(".error-summary")).to_be_visible()
    expect(page.get_by_role("alertdialog")).to_be_hidden()
    somebody.complaints.clear()  # the console notes the 422
    words.fill("It is on the last page.")
    page.wait_for_load_state(SCRIPTS)
    dispute.click()
    expect(page.get_by_role("alertdialog", name="This is your only dispute of this claim")).to_be_visible()


def test_what_would_be_lost_is_asked_about_before_what_can_be_done_only_once(
    installation: Installation, visitor: NewVisitor
) -> None:
    with installation.session() as session:
        ines = factories.user(session)
        reference = claims.rejected(session, installation.programme, now=installation.now(), filer=ines).reference
    page = visitor(rules=False).sign_in(ines.email, PASSWORD).open(f"/claims/{reference}").page
    page.get_by_label("Comment", exact=True).fill("Not sent yet")
    page.get_by_label("Business justification").fill("It is on the last page.")
    page.wait_for_load_state(SCRIPTS)
    page.get_by_role("button", name="Dispute", exact=True).click()
    for question in ("would be lost. Go on without it?", "This is your only dispute of this claim"):
        page.get_by_role("alertdialog", name=question).get_by_role("button", name="Dispute").click()
    expect(page.locator(".messages")).to_contain_text("The rejection is disputed.")


def test_without_scripts_a_dispute_says_beside_its_button_that_it_is_the_only_one(
    installation: Installation, visitor: NewVisitor
) -> None:
    with installation.session() as session:
        ines = factories.user(session)
        reference = claims.rejected(session, installation.programme, now=installation.now(), filer=ines).reference
    somebody = visitor(scripts=False).sign_in(ines.email, PASSWORD).open(f"/claims/{reference}")
    expect(somebody.page.locator("dialog")).to_be_hidden()
    assert "This is your only dispute of this claim" in somebody.words
    somebody.press("Dispute", {"Business justification": "It is on the last page."})
    assert "The rejection is disputed." in somebody.words


def test_a_dispute_with_a_document_that_is_too_large_keeps_what_was_written(
    installation: Installation, browser: Browser, tmp_path: Path
) -> None:
    large, proof = tmp_path / "large.pdf", tmp_path / PROOF.name
    with large.open("wb") as file:
        file.truncate(27 * 2**20)
    proof.write_bytes(PROOF.content)
    with installation.session() as session:
        ines = factories.user(session)
        reference = claims.rejected(session, installation.programme, now=installation.now(), filer=ines).reference
    page = browser.new_context(base_url=installation.url).new_page()
    page.set_default_timeout(SLOWEST)
    page.goto(f"/login?next=/claims/{reference}")
    page.get_by_label("Email").fill(ines.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    words = page.get_by_label("Business justification")
    words.fill("It is on the last page.")
    page.wait_for_load_state(SCRIPTS)
    for document, told in (
        (large, "This is too large. What you sent is larger"),
        (proof, "The rejection is disputed."),
    ):
        expect(words).to_have_value("It is on the last page.")
        page.get_by_label("Document").set_input_files(document)
        page.get_by_role("button", name="Dispute", exact=True).click()
        page.get_by_role("alertdialog").get_by_role("button", name="Dispute").click()
        expect(page.locator(".messages")).to_contain_text(told)
        expect(page.locator(".messages")).to_be_in_viewport()
