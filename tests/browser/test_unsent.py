"""What was chosen on a page and not sent is not lost without asking."""

import re
from typing import Literal

import pytest
from playwright.sync_api import Browser, Dialog, Route, expect

from cpor_web.claims import operations
from cpor_web.claims.problems import EXAMPLE_GUID
from cpor_web.models import Claim
from cpor_web.rules.roles import Role
from tests.browser.conftest import SLOWEST, NewVisitor
from tests.support import claims, factories
from tests.support.factories import PASSWORD
from tests.support.installation import Installation

pytestmark = pytest.mark.browser

SCRIPTS: Literal["networkidle"] = "networkidle"
"""When those have come that a page's first script asks for: a load is over before."""


def test_a_form_of_a_claim_is_left_only_after_asking_and_is_whole_again_on_the_way_back(
    installation: Installation, browser: Browser
) -> None:
    with installation.session() as session:
        email = factories.user(session).email
    page = browser.new_context(base_url=installation.url).new_page()
    page.set_default_timeout(SLOWEST)
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    page.goto("/login")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Add customer").click()
    typed = {
        "Claim name": "Half done",
        "Customer name": "Contoso",
        "Customer domain": "contoso.example.com",
        "Customer tenant ID": EXAMPLE_GUID,
        "Customer contact name": "Carla Conti",
        "Customer contact email": "carla@contoso.example.com",
    }
    for label, words in typed.items():
        page.get_by_label(label, exact=True).fill(words)
    page.get_by_label("Solution area", exact=True).select_option(label="Microsoft 365")
    page.get_by_label("Activity", exact=True).select_option(label="Usage")
    page.get_by_label("Teams", exact=True).check()
    page.wait_for_load_state(SCRIPTS)

    page.get_by_role("link", name="Earnings").click()
    page.wait_for_url("**/earnings")
    assert asked == ["beforeunload"]
    page.go_back()
    for label, words in typed.items():
        expect(page.get_by_label(label, exact=True)).to_have_value(words)
    expect(page.get_by_label("Activity", exact=True)).to_have_value("usage")
    expect(page.get_by_label("Teams", exact=True)).to_be_checked()

    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/claims/[A-Z0-9]{4}-[A-Z0-9]{4}"))
    assert asked == ["beforeunload"], "what is sent is not lost"


def test_words_that_were_typed_before_the_scripts_came_are_asked_about_too(
    installation: Installation, browser: Browser
) -> None:
    with installation.session() as session:
        email = factories.user(session).email
    page, held = browser.new_context(base_url=installation.url).new_page(), list[Route]()
    page.set_default_timeout(SLOWEST)
    page.goto("/login?next=/claims/new")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/unsaved.js*", hold)
    with page.expect_request("**/unsaved.js*"):
        page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Claim name").fill("On a slow line")
    with page.expect_response("**/unsaved.js*"):
        held[0].continue_()
    page.locator("form[data-unsaved=yes]").wait_for()

    page.on("dialog", lambda dialog: dialog.dismiss())
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Earnings").click()
    expect(page.get_by_label("Claim name")).to_have_value("On a slow line")


def test_a_choice_that_the_browser_brought_back_is_asked_about_before_it_is_left(
    installation: Installation, visitor: NewVisitor
) -> None:
    with installation.session() as session:
        ines = factories.user(session)
    page = visitor(rules=False).sign_in(ines.email, PASSWORD).open("/claims/new").page
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    for times in (0, 1, 2):
        page.wait_for_load_state(SCRIPTS)
        page.get_by_role("heading", level=1).click()  # nothing is asked about before the page was touched
        if times == 1:
            page.get_by_label("Solution area", exact=True).select_option(label="Microsoft 365")
        page.get_by_role("link", name="Earnings").click()
        page.wait_for_url("**/earnings")
        assert asked == ["beforeunload"] * times
        page.go_back()
    expect(page.get_by_label("Solution area", exact=True)).to_have_value("microsoft-365")


def test_words_on_a_reviewers_page_that_were_not_saved_are_asked_about_before_it_is_left(
    installation: Installation, browser: Browser
) -> None:
    with installation.session() as session:
        rosa = factories.user(session, Role.REVIEWER)
        claim = claims.under_review(session, installation.programme, now=installation.now(), reviewer=rosa)
        email, reference, claim_id, partner = rosa.email, claim.reference, claim.id, claim.filed_by.actor
    page, asked = browser.new_context(base_url=installation.url).new_page(), list[str]()
    page.set_default_timeout(SLOWEST)
    page.goto(f"/login?next=/review/{reference}")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    comment = page.locator("[aria-labelledby=comments]").get_by_label("Comment")
    comment.fill("Not sent yet")
    page.wait_for_load_state(SCRIPTS)
    with page.expect_event("dialog"):
        page.get_by_role("link", name="History").click()
    with page.expect_event("dialog"):  # what another form holds would be lost by this one
        page.get_by_role("button", name="Take the next one", exact=True).click()
    expect(comment).to_have_value("Not sent yet")
    page.get_by_role("button", name="Add comment").click()
    expect(page.locator("main")).to_contain_text("The comment is added and mailed to the partner.")

    with installation.session() as session:
        about = {"actor": partner, "now": installation.now(), "programme": installation.programme}
        operations.comment(session, session.get_one(Claim, claim_id), "Look again.", **about)
    reject = page.locator("[aria-labelledby=reject]")
    reject.get_by_label("Comment").fill("Nobody signed it")
    reject.get_by_label("Reason").select_option(label="PoE unavailable")
    reject.get_by_role("button", name="Reject", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Your words below are not saved yet.")
    assert asked == ["beforeunload"] * 2, "sending the words asks nothing"
    page.wait_for_load_state(SCRIPTS)
    with page.expect_event("dialog"):
        reject.click(position={"x": 2, "y": 2})  # nothing is asked about before the page was touched
        page.get_by_role("link", name="History").click()
