"""Somebody was asked who cannot answer: the clock stands still until the right person is."""

import re
from datetime import timedelta

from tests.support.cast import WRONG_PERSON, Cast, link_in, text_of
from tests.support.installation import Installation
from tests.support.moments import end, forward_to
from tests.support.received_mail import Mail


def stopped(installation: Installation) -> tuple[Cast, Mail]:
    """An approved claim whose contact said to be the wrong person, and the notice that she got."""
    cast = Cast.gather(installation).file().approve()
    notice = cast.notice()
    carla = installation.person().open(link_in(notice, "d")).press(*WRONG_PERSON)
    assert carla.sees("You told us on", "The time stands still for now."), carla.words
    assert WRONG_PERSON[0] not in carla.buttons
    installation.mail_to(cast.ines_address, "Please name a right contact")
    installation.all_mail_is_out()
    return cast, notice


def name_carlo(cast: Cast) -> str:
    """Let Ines name Carlo instead, and return his address."""
    carlo = cast.carla_address.replace("carla@", "carlo@")
    cast.ines.open(f"/claims/{cast.reference}").press("Name another contact")
    cast.ines.press(
        "Propose contact",
        {"Instead of": "Carla Conti", "Customer contact name": "Carlo Conti", "Customer contact email": carlo},
    )
    assert cast.ines.sees("You proposed Carlo Conti"), cast.ines.words
    return carlo


def test_nothing_is_closed_until_the_right_person_had_the_full_time(installation: Installation) -> None:
    cast, old_notice = stopped(installation)
    assert cast.status_words("The right customer contact is needed", "Who acts next The partner")
    old_end = end(cast)
    carlo = name_carlo(cast)
    assert cast.ines.sees("A reviewer confirms the contact that you proposed.")

    forward_to(installation, old_end + timedelta(days=2))
    installation.sweep()
    assert cast.status_words("Approved", "A reviewer confirms the contact"), "it was closed while the clock stood"
    assert not installation.mails_to(carlo), "the new contact was asked before a reviewer confirmed it"
    queue = cast.rosa.open("/review")
    assert queue.sees(f"{cast.reference}, {cast.partner}): The partner proposes another customer contact.")

    cast.rosa.open(f"/review/{cast.reference}").press("Correct contact")
    before = installation.now()
    notice = installation.mail_to(carlo, "You can deny it")
    installation.all_mail_is_out()
    assert end(cast) - before >= timedelta(days=7), "the new contact has not the full time"
    assert cast.status_words("The customer may deny.")
    printed = re.search(r"deny it until (.+?)\. The page", text_of(notice))
    assert printed
    assert cast.status_words(printed[1]), "the new contact reads another end than the partner"
    assert installation.person().open(link_in(notice, "d")).sees("Why do you deny it?")
    assert installation.person().open(link_in(old_notice, "d")).sees("another contact was named in your place")


def test_a_denial_by_a_replaced_contact_goes_to_the_reviewer_who_lets_the_period_go_on(
    installation: Installation,
) -> None:
    cast, old_notice = stopped(installation)
    carlo = name_carlo(cast)
    cast.rosa.open(f"/review/{cast.reference}").press("Correct contact")
    installation.mail_to(carlo, "You can deny it")
    installation.all_mail_is_out()

    carla = installation.person().open(link_in(old_notice, "d"))
    carla.press(
        "Deny this association",
        {"Why do you deny it?": "Other", "In your words (optional)": "I left the company in May."},
    )
    assert carla.sees("Your denial was noted.", "It does not decide by itself"), carla.words
    asked = installation.mail_to(cast.rosa_address, "A replaced contact denied")
    assert "I left the company in May." in text_of(asked)
    assert cast.status_words("Approved"), "a replaced contact has decided"
    assert cast.ines.sees("Who acts next A reviewer", "A reviewer decides how it goes on."), cast.ines.words
    assert not installation.mails_to(carlo)[1:], "the contact who is asked was told of a denial that is none"

    cast.rosa.open("/review")
    assert cast.rosa.sees(f"{cast.reference}, {cast.partner}): A contact who was replaced denied.")
    rosa = cast.rosa.open(f"/review/{cast.reference}")
    rosa.press("Let the period go on")
    assert rosa.status == 422, "it went on without a word why"
    before = installation.now()
    rosa.press("Let the period go on", {"Why it goes on": "Carla has left, and Carlo has her post."})
    assert rosa.sees("The consent period goes on, with a full new window."), rosa.words
    assert end(cast) - before >= timedelta(days=7)
    assert cast.status_words("Approved", "The customer may deny.")
