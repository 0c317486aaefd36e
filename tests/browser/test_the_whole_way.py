"""The three main tasks in a real browser, on phone, tablet and desk, with scripts and without."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cpor_web.rules.roles import Role
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import DESK, PHONE, TABLET, Visitor
from tests.support import claims, factories, quick_claims
from tests.support.cast import PROOF, link_in, new_tenant
from tests.support.factories import PASSWORD
from tests.support.installation import Installation

pytestmark = pytest.mark.browser

SCREENS = {"a phone": (PHONE, "dark"), "a tablet": (TABLET, "light"), "a desk": (DESK, "light")}


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
@pytest.mark.parametrize("screen", SCREENS)
def test_partner_reviewer_and_customer_do_what_they_came_for(
    installation: Installation,
    visitor: NewVisitor,
    people: dict[str, Any],
    tmp_path: Path,
    screen: str,
    scripts: bool,
) -> None:
    somebody = partial(visitor, scripts=scripts, windows=[SCREENS[screen]], rules=screen == "a phone")
    proof = tmp_path / PROOF.name
    proof.write_bytes(PROOF.content)
    customer = f"carla@{screen.removeprefix('a ')}-{'with' if scripts else 'without'}.example.com"

    ines = somebody().sign_in(people["ines"].email, PASSWORD)
    reference = _file(ines, people["ines"], customer, proof)
    rosa = somebody().sign_in(people["rosa"].email, PASSWORD)
    rosa.open(f"/review/{reference}").press("Start review")
    rosa.tick("Missing or old dates").press("Request information", {"Comment": "Of which day is the order?"})
    assert "Partner action required" in rosa.words

    ines.open(f"/claims/{reference}")
    assert "Of which day is the order?" in ines.words
    ines.attach("Document", proof).press("Upload").press("Resubmit")
    rosa.open(f"/review/{reference}").press("Start review").press("Approve")
    assert "Approved" in rosa.words

    carla = somebody().open(link_in(installation.mail_to(customer, "You can deny it"), "d"))
    carla.tick("No longer our partner").press("Deny this association")
    assert "denies the association" in carla.words
    ines.open(f"/claims/{reference}")
    assert "Customer decline" in ines.words
    ines.follow("History")

    carla.open(link_in(installation.mail_to(customer, "Recorded"), "u"))
    carla.tick("Yes, the denial was a mistake").press("Restore the association")
    assert carla.context.cookies() == []
    assert "Approved" in rosa.open(f"/review/{reference}").words

    other = _submitted(installation, people["ines"])
    rosa.open(f"/review/{other}").press("Start review")
    rosa.press("Reject", {"Reason": "PoE unavailable", "Comment": "The file cannot be opened."})
    ines.open(f"/claims/{other}")
    assert "The file cannot be opened." in ines.words


def _file(ines: Visitor, account: Any, customer: str, proof: Path) -> str:
    """Let a partner's user file and submit a claim, and return its reference."""
    (location,) = [each for each in account.partner.mpn_ids if each.place]
    ines.follow("Add customer").fill({"Solution area": "Microsoft 365"})
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
            "Partner contact email": account.email,
        }
    )
    ines.tick("Teams", "Intune").press("Save")
    ines.attach("Document", proof).press("Upload")
    ines.press("Submit for approval")
    assert "Submitted" in ines.words
    return ines.page.url.partition("#")[0].rpartition("/")[2]


def _submitted(installation: Installation, filer: Any) -> str:
    with installation.session() as session:
        filed = session.merge(filer)
        return claims.submitted(session, installation.programme, now=installation.now(), filer=filed).reference


@pytest.mark.parametrize("who", ["ines", "gita", "rosa", "ada"])
def test_every_page_that_somebody_can_reach_is_sound(
    installation: Installation, visitor: NewVisitor, people: dict[str, Any], who: str
) -> None:
    quick_claims.approved(installation, filer=people["ines"])
    installation.all_mail_is_out()
    at_a_desk = visitor(windows=[SCREENS["a desk"]])  # for phones and the night see test_every_page
    seen = at_a_desk.sign_in(people[who].email, PASSWORD).walk("/", most=40)
    assert len(seen) >= 4, seen
    assert len(seen) < 40, "there are more pages than are looked at"
