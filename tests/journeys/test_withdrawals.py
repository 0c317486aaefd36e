"""The partner gives its own claim up, and whoever was asked is told."""

import pytest

from tests.support.cast import WHERE_IS_INTUNE, Cast, link_in, text_of
from tests.support.installation import Installation


def withdraw(cast: Cast, reason: str, comment: str = "") -> None:
    """Let Ines ask for the rejection."""
    cast.ines.open(f"/claims/{cast.reference}").press("Request rejection")
    cast.ines.press("Request rejection", {"Reason": reason, "Comment": comment})
    assert cast.ines.sees("The claim was rejected at your request."), cast.ines.words


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("Submitted", "Incorrect MPN ID"),
        ("Under review", "Incorrect activity"),
        ("Partner action required", "No longer working with the customer"),
    ],
)
def test_before_approval_the_customer_hears_nothing_of_it(
    installation: Installation, status: str, reason: str
) -> None:
    cast = Cast.gather(installation).file()
    if status != "Submitted":
        cast.review()
    if status == "Partner action required":
        cast.rosa.press("Request information", WHERE_IS_INTUNE)
    assert cast.status_words(status)

    withdraw(cast, reason, "We filed it in error.")
    assert cast.status_words("Rejected", "Partner request", reason, "We filed it in error.")
    mail = text_of(installation.mail_to(cast.ines_address, "Rejected"))
    assert "Partner request" in mail
    assert reason in mail
    installation.all_mail_is_out()
    assert not installation.mails_to(cast.carla_address), "the customer heard of a claim that was never approved"
    assert not {"Approve", "Reject", "Start review"} & set(cast.rosa.open(f"/review/{cast.reference}").buttons)


def test_an_approved_association_ends_and_the_customer_is_told_calmly(installation: Installation) -> None:
    cast = Cast.gather(installation).file().approve()
    notice = cast.notice()
    cast.ines.press("Request rejection").press("Request rejection")
    assert cast.ines.status == 422, "it was rejected without a reason"

    withdraw(cast, "No longer working with the customer")
    ended = installation.mail_to(cast.carla_address, "no longer claims to be your partner of record")
    assert "You need not do anything" in text_of(ended)
    assert "/d/" not in text_of(ended)
    carla = installation.person().open(link_in(notice, "d"))
    assert carla.status == 200
    assert carla.sees("has given its claim up on", "You need not do anything"), carla.words
    assert not carla.buttons, "she is asked to do something"
    assert cast.status_words("Rejected", "No longer working with the customer")


def test_giving_up_what_was_assessed_flags_the_assessment(installation: Installation) -> None:
    cast = Cast.gather(installation).file().approve()
    cast.notice()
    installation.forward(days=9)
    installation.mail_to(cast.ines_address, "Eligible for incentives")
    withdraw(cast, "Incorrect MPN ID")
    assert installation.mail_to(cast.carla_address, "no longer claims to be your partner of record")
    assert cast.status_words("Rejected", "The association ended afterwards:")
    assert cast.ines.open("/earnings").sees(cast.customer, "Association ended")
