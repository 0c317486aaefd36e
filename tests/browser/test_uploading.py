"""Documents that are chosen together go up together, whichever button was pressed."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import SLOWEST
from tests.support import factories
from tests.support.cast import PROOF
from tests.support.factories import PASSWORD
from tests.support.installation import Installation

pytestmark = pytest.mark.browser


@pytest.fixture
def page(installation: Installation, browser: Browser) -> Page:
    """The page of somebody who files claims, with three drafts of theirs."""
    with installation.session() as session:
        email = factories.user(session).email
    page = browser.new_context(base_url=installation.url, reduced_motion="reduce").new_page()
    page.set_default_timeout(SLOWEST)
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto("/login")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    for name in ("First", "Second", "Third"):
        page.goto("/claims/new")
        page.get_by_label("Claim name").fill(name)
        page.get_by_role("button", name="Save").click()
        page.get_by_text("Before this can be submitted").wait_for()
    return page


def test_what_is_chosen_in_several_rows_is_uploaded_with_one_press(page: Page, tmp_path: Path) -> None:
    proof = tmp_path / PROOF.name
    proof.write_bytes(PROOF.content)
    empty = tmp_path / "empty.pdf"
    empty.touch()
    page.goto("/claims/submit")
    for name, path in (("First", proof), ("Second", empty), ("Third", proof)):
        page.get_by_label(f"Document – {name}").set_input_files(path)
    page.get_by_role("button", name="Upload – Second").click()

    messages = page.locator(".messages")
    expect(messages).to_contain_text("The document was uploaded to “First”.")
    expect(messages).to_contain_text("Second: ")
    expect(messages).to_contain_text("The document was uploaded to “Third”.")
    expect(messages).to_be_in_viewport()
    expect(page.get_by_label("Document – Second")).to_be_attached()
    expect(page.get_by_label("Document – First")).not_to_be_attached()


def test_several_documents_of_a_claim_are_chosen_together_until_one_is_refused(page: Page, tmp_path: Path) -> None:
    proof, second, empty, last = (tmp_path / name for name in ("proof.pdf", "more.pdf", "empty.pdf", "last.pdf"))
    for path in (proof, second, last):
        path.write_bytes(PROOF.content + path.name.encode())
    empty.touch()
    expect(page.get_by_label("Document")).to_have_js_property("multiple", True)
    page.get_by_label("Document").set_input_files([proof, second])
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator(".messages .message")).to_have_count(2)
    expect(page.locator(".documents > li")).to_have_count(2)

    page.get_by_label("Document").set_input_files([empty, last])
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator(".messages")).to_contain_text("Not uploaded: last.pdf.")
    expect(page.locator(".documents > li")).to_have_count(2)


def test_where_no_answer_comes_for_one_of_several_each_is_told_of_and_none_is_sent_twice(
    page: Page, tmp_path: Path
) -> None:
    paths = [tmp_path / name for name in ("proof.pdf", "cost$&.pdf", "last.pdf")]
    for path in paths:
        path.write_bytes(PROOF.content + path.name.encode())
    sent: list[Route] = []

    def answer(route: Route) -> None:
        sent.append(route)
        if len(sent) == 2:
            route.abort()
        else:
            route.continue_()

    page.route("**/documents", answer)
    expect(page.get_by_label("Document")).to_have_js_property("multiple", True)
    page.get_by_label("Document").set_input_files(paths)
    page.get_by_role("button", name="Upload", exact=True).click()
    messages = page.locator(".messages")
    expect(messages).to_contain_text("Not uploaded: cost$&.pdf, last.pdf.")
    expect(messages).to_contain_text("The document was uploaded.")

    page.reload()
    expect(page.locator(".documents > li")).to_have_count(1)


def test_a_document_that_takes_long_is_sent_once_however_often_its_button_is_pressed(
    page: Page, tmp_path: Path
) -> None:
    proof = tmp_path / PROOF.name
    proof.write_bytes(PROOF.content)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/documents", hold)
    expect(page.get_by_label("Document")).to_have_js_property("multiple", True)
    page.get_by_label("Document").set_input_files(proof)
    upload = page.get_by_role("button", name="Upload", exact=True)
    upload.click()
    expect(page.locator("form[data-sent]")).to_have_count(0)  # from now on a press would count
    upload.click()
    page.wait_for_timeout(200)
    assert len(held) == 1
    held[0].continue_()
    expect(page.locator(".messages")).to_have_text("The document was uploaded.")
    expect(page.locator(".documents > li")).to_have_count(1)


def test_a_document_whose_sending_was_stopped_can_be_sent_again_at_once(page: Page, tmp_path: Path) -> None:
    proof = tmp_path / PROOF.name
    proof.write_bytes(PROOF.content)
    page.route("**/documents", lambda _route: None, times=1)  # it gets no answer
    page.evaluate("""() => {
        const send = XMLHttpRequest.prototype.send;
        XMLHttpRequest.prototype.send = function (data) {
            XMLHttpRequest.prototype.send = send;
            send.call(this, data);
            setTimeout(() => this.abort());
        };
    }""")
    expect(page.get_by_label("Document")).to_have_js_property("multiple", True)
    page.get_by_label("Document").set_input_files(proof)
    upload = page.get_by_role("button", name="Upload", exact=True)
    upload.click()
    expect(page.locator(".messages")).to_have_text(f"Not uploaded: {PROOF.name}.")
    upload.click()
    expect(page.locator(".messages")).to_have_text("The document was uploaded.")


def test_a_document_that_is_sent_after_the_session_has_ended_is_told_of_with_the_way_back(
    page: Page, tmp_path: Path
) -> None:
    proof, here = tmp_path / PROOF.name, page.url
    proof.write_bytes(PROOF.content)
    page.context.clear_cookies()
    page.get_by_label("Document").set_input_files(proof)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("Documents are not kept: you choose them again.")).to_be_visible()
    expect(page.get_by_role("link", name="Back to the page")).to_have_attribute("href", here)
