"""From the partner's form to the customer's denial, and to its undoing."""

from urllib.request import Request

from tests.support.cast import RESTORE, Cast, link_in, text_of
from tests.support.installation import Installation


def test_a_customer_who_opens_the_link_and_denies_ends_the_claim(installation: Installation) -> None:
    cast = Cast.gather(installation).file().approve()
    assert "provisionally" in text_of(installation.mail_to(cast.ines_address, "Approved"))

    notice = cast.notice()
    assert cast.partner in text_of(notice)
    before = installation.settled_rows()
    carla = installation.person().open(link_in(notice, "d"))
    assert carla.sees(cast.partner, "Teams", "Intune", "Why do you deny it?")
    assert installation.rows() == before, "opening the link has changed something"
    assert not list(carla.cookies), "a customer was given a cookie"

    carla.press("Deny this association")
    assert carla.status == 422, "a denial without a reason was taken"
    assert installation.rows() == before, "a denial without a reason has changed something"

    carla.press("Deny this association", {"Why do you deny it?": "No longer our partner"})
    assert carla.sees("No longer our partner", "denies the association"), carla.words

    assert cast.status_words("Rejected", "Customer decline")
    recorded = installation.mail_to(cast.carla_address, "Recorded")
    assert "No longer our partner" in text_of(recorded)
    assert "/u/" in link_in(recorded, "u")
    told = installation.mail_to(cast.ines_address, "The customer denied")
    assert "on the page of the link" in text_of(told)
    rejected = installation.mail_to(cast.ines_address, "Rejected")
    assert "Customer decline" in text_of(rejected)
    assert "/u/" not in text_of(told) + text_of(rejected), "a mail to the partner carries the customer's link"


def test_the_customer_alone_can_undo_the_denial(installation: Installation) -> None:
    cast = Cast.gather(installation).file().approve()
    installation.person().open(link_in(cast.notice(), "d")).press(
        "Deny this association", {"Why do you deny it?": "Other"}
    )
    undo = link_in(installation.mail_to(cast.carla_address, "Recorded"), "u")

    carla = installation.person().open(undo).press(*RESTORE)
    assert carla.sees("is again recorded"), carla.words
    assert cast.status_words("Approved")
    assert installation.mail_to(cast.ines_address, "undid the denial")


def test_the_button_of_a_mail_program_denies_with_one_request(installation: Installation) -> None:
    cast = Cast.gather(installation).file().approve()
    headers = cast.notice().message
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = headers["List-Unsubscribe"].strip("<>")

    mail_program = installation.person()
    mail_program.send(Request(address, b"List-Unsubscribe=One-Click", method="POST"))
    assert mail_program.status == 200
    assert mail_program.address == address, "it was sent elsewhere"
    assert not list(mail_program.cookies)
    assert cast.status_words("Rejected", "Customer decline")
    told = text_of(installation.mail_to(cast.ines_address, "The customer denied"))
    assert "with the button of a mail client" in told
    assert "None given" in told
