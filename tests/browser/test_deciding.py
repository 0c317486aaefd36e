"""A reviewer works by single keys, and without scripts by the same buttons. See docs/walkthroughs.md."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import update

from cpor_web.models import Claim
from cpor_web.rules.roles import Role
from tests.browser.conftest import SLOWEST, NewVisitor
from tests.support import claims, factories
from tests.support.factories import PASSWORD
from tests.support.installation import Installation

pytestmark = pytest.mark.browser


@dataclass
class Hands:
    """Presses keys, and counts them."""

    page: Page
    presses: int = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.presses += 1

    def at(self, claim: str) -> None:
        self.page.wait_for_url(f"**/review/{claim}")
        self.page.locator(".single-keys:visible").wait_for()


@pytest.fixture
def waiting(installation: Installation) -> tuple[str, list[str]]:
    """The address of a reviewer and the references of three claims that wait, due one after the other."""
    with installation.session() as session:
        rosa, rune = factories.user(session, Role.REVIEWER), factories.user(session, Role.REVIEWER)
        session.execute(update(Claim).values(reviewer_id=rune.id))  # what others left waiting is not free
        made = [claims.submitted(session, installation.programme, now=installation.now()) for _each in range(3)]
        return rosa.email, [claim.reference for claim in made]


def test_claims_are_decided_one_after_the_other_with_three_keys_each(
    installation: Installation, browser: Browser, waiting: tuple[str, list[str]]
) -> None:
    reviewer, (first, second, third) = waiting
    context = browser.new_context(base_url=installation.url, reduced_motion="reduce")
    context.set_default_timeout(SLOWEST)
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("Email").fill(reviewer)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator(".single-keys:visible").wait_for()
    hands = Hands(page)

    hands.press("n")
    assert page.evaluate("document.activeElement.tagName") == "BODY", "off until somebody wants them"
    page.get_by_label("Single keys").check()
    hands.press("n", "Enter")
    hands.at(first)
    hands.presses = 0
    hands.press("a", "Tab", "Enter")
    hands.at(second)
    assert hands.presses == 3
    page.locator("main", has_text="Approved. The customer is asked by mail.").wait_for()

    hands.presses = 0
    hands.press("p", "Enter")
    page.wait_for_url(f"**/review/{second}/proof*")
    page.locator(".single-keys:visible").wait_for()
    hands.press("f", "Enter")
    page.locator("main", has_text="Saved. The partner sees nothing of it").wait_for()
    page.locator(".single-keys:visible").wait_for()
    assert page.locator(".cell :checked[value=found]").count() == page.locator(".cell").count()
    hands.press("a", "Enter")
    page.locator("[aria-labelledby=approve] button:focus").wait_for()
    hands.press("Tab", "Enter")
    hands.at(third)
    assert hands.presses == 8

    page.goto(f"/review/{third}/proof")
    page.locator(".single-keys:visible").wait_for()
    hands.press("j", "j", "ArrowRight")
    assert page.evaluate("document.activeElement.closest('.cell') === document.querySelectorAll('.cell')[1]")
    assert page.evaluate("document.activeElement.value") == "found"
    hands.press("i")
    assert page.url.endswith("/proof"), "a letter alone leads nowhere"
    hands.press("Enter")
    page.locator("#ask-reasons-0:focus").wait_for()

    hands.press("r")
    assert page.evaluate("document.activeElement.id") == "reject-reason"
    page.get_by_label("Comment").nth(1).focus()
    page.keyboard.type("A proof is missing")
    assert page.evaluate("document.activeElement.value") == "A proof is missing"
    assert page.url.endswith(f"{third}#ask"), "in a field a letter is a letter"

    page.get_by_label("Single keys").uncheck()
    hands.press("q")
    page.reload()
    page.locator(".single-keys:visible").wait_for()
    assert not page.get_by_label("Single keys").is_checked()
    hands.press("q", "Enter", "a")
    assert page.url.endswith(f"{third}#ask"), "who switched single keys off keeps them off"
    context.close()


def test_without_scripts_the_same_buttons_lead_on(visitor: NewVisitor, waiting: tuple[str, list[str]]) -> None:
    reviewer, (first, second, _third) = waiting
    page = visitor(scripts=False).context.new_page()
    page.goto("/login")
    page.get_by_label("Email").fill(reviewer)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()

    page.get_by_role("button", name="Take the next one").click()
    page.wait_for_url(f"**/review/{first}")
    assert page.locator(".single-keys").is_hidden()
    page.get_by_role("button", name="Approve, then take the next one").click()

    page.wait_for_url(f"**/review/{second}")
