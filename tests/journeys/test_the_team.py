"""A Global admin brings a colleague in, and lets one go."""

import re

from cpor_web.rules.roles import Role
from tests.support.cast import Cast, plain, text_of
from tests.support.installation import Installation

PASSWORD = "nine patient otters"


def test_a_colleague_is_invited_files_a_draft_and_can_no_longer_sign_in_once_removed(
    installation: Installation,
) -> None:
    cast = Cast.gather(installation)
    admin = cast.colleague(Role.GLOBAL_ADMIN).open("/claims").follow("Team")
    address = cast.ines_address.replace("incentives-admin", "ingrid")
    admin.press(
        "Send the invitation",
        {"Name": "Ingrid Berg", "Email": address, "Role": "Incentives admin", "Language": "svenska"},
    )
    assert admin.sees("Ingrid Berg Invited"), admin.words
    assert "Send the invitation" not in cast.ines.open("/team").buttons, "everybody may invite"

    mail = installation.mail_to(address)
    assert "Välj ett lösenord" in text_of(mail)
    link = re.search(r"^(https?://\S+)\r?$", plain(mail), re.MULTILINE)
    assert link
    ingrid = installation.person().open(link[1])
    form = ingrid.page.main.find("form", method="post")
    labels = [" ".join(label.get_text().split()) for label in form("label")]
    button = " ".join(form.find("button").get_text().split())
    ingrid.press(button, dict.fromkeys(labels, "short"))
    assert ingrid.status in {200, 422}
    assert "/login" not in ingrid.address, "a short password was taken"
    ingrid.open(link[1]).press(button, dict.fromkeys(labels, PASSWORD))

    ingrid = installation.signed_in(address, PASSWORD).open("/account")
    assert ingrid.page.html["lang"] == "sv"
    ingrid.open("/claims/new")
    name = ingrid.page.find("label", attrs={"for": "name"}).get_text().strip()
    save = ingrid.page.main("button")[-1].get_text().strip()
    ingrid.press(save, {name: "Drawn up by Ingrid"})
    assert cast.ines.open("/claims").sees("Drawn up by Ingrid")

    admin.open("/team").follow("Change Ingrid Berg").press("Deactivate")
    assert admin.sees("Ingrid Berg can no longer sign in."), admin.words
    ingrid.open("/claims")
    assert "/login" in ingrid.address, "she is still signed in"
    back = installation.person().open("/login").press("Sign in", {"Email": address, "Password": PASSWORD})
    assert back.sees("Email or password is not right."), back.words
    assert installation.person().open(link[1]).page.find("input", type="password") is None, "the link still works"
    assert cast.ines.open("/claims").sees("Drawn up by Ingrid"), "her work went with her"
