"""The browser's way back leads to pages, not to its question whether to send a form again."""

import pytest

from tests.browser.conftest import NewVisitor
from tests.support import factories, quick_claims
from tests.support.cast import link_in
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
