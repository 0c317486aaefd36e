"""Partner and reviewers talk to each other; what reviewers say among themselves stays there."""

import pytest

from tests.journeys.test_the_wrong_person import name_carlo, stopped
from tests.support.cast import Cast, link_in, plain, text_of
from tests.support.installation import Installation
from tests.support.reading import all_answers
from tests.support.received_mail import Mail

EVERYBODYS = "reviewers@vendor.example.com"


def test_each_sides_comment_is_mailed_to_the_other_and_stops_no_clock(installation: Installation) -> None:
    cast = Cast.gather(installation).file()
    cast.ines.press("Add comment", {"Comment": "The order is from <May>,\nthe signature from June."})
    assert cast.ines.sees("The comment was added.", "The order is from <May>, the signature from June.")
    mail = cast.told(EVERYBODYS, "New comment", cast.reference)
    assert "> The order is from <May>,\n> the signature from June." in plain(mail).replace("\r\n", "\n")

    cast.review()
    cast.rosa.press("Add comment", {"Comment": "Which of both is the start?"})
    assert "> Which of both is the start?" in text_of(installation.mail_to(cast.ines_address, "New comment"))
    assert cast.status_words("Which of both is the start?")
    cast.rosa.press("Request information", {"Reasons": ["Missing or old dates"], "Comment": "The start, please."})
    installation.mail_to(cast.ines_address, "Please provide more")
    installation.all_mail_is_out()

    assert cast.status_words("A comment alone does not stop the clock")
    by = cast.ines.page.find(class_="deadline")
    assert by is not None
    cast.ines.press("Add comment", {"Comment": ""})
    assert cast.ines.status == 422
    cast.ines.press("Add comment", {"Comment": "It began in June."})
    assert "> It began in June." in text_of(installation.mail_to(cast.rosa_address, "New comment"))
    assert cast.status_words("Partner action required", "It began in June.")
    assert cast.ines.page.find(class_="deadline") == by, "a comment has moved the deadline"
    assert cast.rosa.open(f"/review/{cast.reference}").sees("It began in June.", "The order is from <May>")


def test_what_reviewers_note_reaches_no_page_file_or_mail_of_the_partner(installation: Installation) -> None:
    cast, old_notice = stopped(installation)
    carlo = name_carlo(cast)
    rosa = cast.rosa.open(f"/review/{cast.reference}")
    rosa.press("Add note", {"Internal note": "Ask the zeppelin team about them."})
    assert rosa.sees("Only reviewers see it.", "Ask the zeppelin team about them.")
    rosa.press("Correct contact")
    installation.mail_to(carlo, "You can deny it")
    installation.all_mail_is_out()
    carla = installation.person().open(link_in(old_notice, "d"))
    carla.press("Deny this association", {"Why do you deny it?": "Other", "In your words (optional)": "Marzipan."})
    installation.mail_to(cast.rosa_address, "A replaced contact denied")
    installation.all_mail_is_out()

    secrets = ("zeppelin", "Marzipan", "An internal note", EVERYBODYS, cast.rosa_address)
    of_rosa = all_answers(cast.rosa, f"/review/{cast.reference}/history")
    assert all(any(secret in page for page in of_rosa.values()) for secret in secrets[:3]), "Rosa cannot read it"

    claim = f"/claims/{cast.reference}"
    kinds = ("note", "mail", "consent")
    files = ("history", "history.csv", "history.json")
    filtered = [f"{claim}/{file}?kind={kind}" for file in files for kind in kinds]
    pages = all_answers(cast.ines, "/claims", "/claims.csv", "/earnings", "/team", "/account", *filtered)
    assert {claim, *(f"{claim}/{file}" for file in files)} <= {
        address.removeprefix(installation.url) for address in pages
    }
    mails = {str(mail.message["Subject"]): _every_part(mail) for mail in installation.mails_to(cast.ines_address)}
    assert len(mails) >= 4
    for address, answer in {**pages, **mails}.items():
        for secret in secrets:
            assert secret.lower() not in answer.lower(), f"“{secret}” at {address}"


def _every_part(mail: Mail) -> str:
    return " ".join(part.get_content() for part in mail.message.walk() if part.get_content_maintype() == "text")


@pytest.mark.parametrize("path", ["", "/history", "/history.csv", "/history.json", "/notes"])
def test_the_reviewers_pages_do_not_exist_for_the_partner(installation: Installation, path: str) -> None:
    cast = Cast.gather(installation).file()
    assert cast.ines.open(f"/review/{cast.reference}{path}").status in {403, 404, 405}
