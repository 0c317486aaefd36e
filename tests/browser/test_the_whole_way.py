"""The whole way in a real browser: a partner files with an upload, a reviewer approves, the customer denies."""

from pathlib import Path
from typing import Any

import pytest

from cpor_web.rules.roles import Role
from tests.browser.conftest import NewVisitor
from tests.support import factories, quick_claims
from tests.support.cast import PROOF, link_in, new_tenant
from tests.support.factories import PASSWORD
from tests.support.installation import Installation

pytestmark = pytest.mark.browser


@pytest.fixture
def people(installation: Installation) -> dict[str, Any]:
    """A partner's user, a reviewer, an administrator and a global admin."""
    with installation.session() as session:
        ines = factories.user(session)
        return {
            "ines": ines,
            "gita": factories.user(session, Role.GLOBAL_ADMIN, partner=ines.partner),
            "rosa": factories.user(session, Role.REVIEWER),
            "ada": factories.user(session, Role.ADMINISTRATOR),
        }


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_claim_is_filed_approved_denied_and_restored(
    installation: Installation, visitor: NewVisitor, people: dict[str, Any], tmp_path: Path, scripts: bool
) -> None:
    proof = tmp_path / PROOF.name
    proof.write_bytes(PROOF.content)
    customer = f"carla@{'with' if scripts else 'without'}.example.com"
    (location,) = [each for each in people["ines"].partner.mpn_ids if each.place]

    ines = visitor(scripts=scripts).sign_in(people["ines"].email, PASSWORD)
    ines.follow("Add customer")
    ines.fill({"Solution area": "Microsoft 365"})
    ines.fill(
        {
            "Claim name": "Teams at Contoso",
            "MPN ID": f"{location.number} – {location.place}",
            "Customer name": "Contoso",
            "Customer domain": customer.partition("@")[2],
            "Customer tenant ID": new_tenant(),
            "Activity": "Usage",
            "Customer contact name": "Carla Conti",
            "Customer contact title": "Head of IT",
            "Customer contact email": customer,
            "Partner contact name": "Ines Incentives",
            "Partner contact email": people["ines"].email,
        }
    )
    ines.tick("Teams", "Intune").press("Save")
    ines.attach("Document", proof).press("Upload")
    ines.press("Submit for approval")
    assert "Submitted" in ines.words
    reference = ines.page.url.partition("#")[0].rpartition("/")[2]

    rosa = visitor(scripts=scripts).sign_in(people["rosa"].email, PASSWORD)
    rosa.open(f"/review/{reference}").press("Start review").press("Approve")
    assert "Approved" in rosa.words

    carla = visitor(scripts=scripts).open(link_in(installation.mail_to(customer, "You can deny it"), "d"))
    carla.tick("No longer our partner").press("Deny this association")
    assert "denies the association" in carla.words
    assert carla.context.cookies() == []
    ines.open(f"/claims/{reference}")
    assert "Customer decline" in ines.words
    ines.follow("History")

    carla.open(link_in(installation.mail_to(customer, "Recorded"), "u"))
    carla.tick("Yes, the denial was a mistake").press("Restore the association")
    rosa.open(f"/review/{reference}")
    assert "Approved" in rosa.words


@pytest.mark.parametrize("who", ["ines", "gita", "rosa", "ada"])
def test_every_page_that_somebody_can_reach_is_sound(
    installation: Installation, visitor: NewVisitor, people: dict[str, Any], who: str
) -> None:
    quick_claims.approved(installation, filer=people["ines"])
    installation.all_mail_is_out()
    seen = visitor().sign_in(people[who].email, PASSWORD).walk("/", most=40)
    assert len(seen) >= 4, seen
    assert len(seen) < 40, "there are more pages than are looked at"
