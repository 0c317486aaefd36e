"""What a customer declined comes back only with the customer's own yes, and any denial beats it."""

from tests.support.cast import SAY_YES, Cast, link_in, text_of
from tests.support.installation import Installation
from tests.support.moments import closing, end, forward_to
from tests.support.person import Person
from tests.support.received_mail import Mail


def asked_again(installation: Installation) -> tuple[Cast, Mail]:
    """A claim that the customer declined and Rune approved on dispute, and the mail that asks for a yes."""
    cast = Cast.gather(installation).file().approve()
    deny(installation.person().open(link_in(cast.notice(), "d")))
    cast.ines.open(f"/claims/{cast.reference}")
    assert cast.ines.sees("Reviewers cannot overrule a customer"), cast.ines.words
    cast.ines.press("Dispute", {"Business justification": "They mixed us up with our former owner."})
    cast.reviewer().open(f"/review/{cast.reference}").press("Take over").press("Approve")
    request = installation.mail_to(cast.carla_address, "Only an explicit yes counts")
    installation.all_mail_is_out()
    assert cast.status_words("Approved", "The customer must confirm the association, or it ends as declined.")
    return cast, request


def deny(carla: Person) -> None:
    """Let the reader of the page deny."""
    carla.press("Deny this association", {"Why do you deny it?": "No longer our partner"})


def confirmed(installation: Installation, cast: Cast, request: Mail) -> None:
    """Let Carla say yes, and once more by the link in her second mail."""
    carla = installation.person().open(link_in(request, "d")).press(*SAY_YES)
    assert carla.sees("It does not count yet"), carla.words
    second = installation.mail_to(cast.carla_address, "One step more")
    carla.open(link_in(second, "y"))
    before = installation.rows()["answers"]
    assert installation.person().open(link_in(second, "y")).status == 200
    assert installation.rows()["answers"] == before, "opening the second link has confirmed"
    carla.press(*SAY_YES)
    assert carla.sees("It was confirmed on"), carla.words


def test_a_yes_that_was_confirmed_by_the_second_link_lets_the_association_stand(installation: Installation) -> None:
    cast, request = asked_again(installation)
    assert "Without an explicit yes" in text_of(request)
    assert "List-Unsubscribe" in request.message, "the mail program's own button cannot deny"
    confirmed(installation, cast, request)
    assert cast.status_words("Approved", "Without a denial the claim is assessed.")

    forward_to(installation, end(cast))
    assert cast.status_words("The customer may deny."), "a yes has shortened the time to deny"
    forward_to(installation, closing(cast))
    assert installation.mail_to(cast.ines_address, "Eligible for incentives")
    assert cast.status_words("Approved", "The consent period has passed")


def test_silence_and_a_yes_that_nobody_confirmed_end_the_claim_as_declined(installation: Installation) -> None:
    silent, _ = asked_again(installation)
    half, request = asked_again(installation)
    installation.person().open(link_in(request, "d")).press(*SAY_YES)
    installation.mail_to(half.carla_address, "One step more")

    forward_to(installation, max(closing(silent), closing(half)))
    for cast in (silent, half):
        cast.told(cast.ines_address, "Rejected", "Customer decline", "This is final")
        assert cast.status_words("Rejected", "Customer decline", "this decision is final")
    assert installation.person().open(link_in(request, "d")).sees("No explicit yes came by")


def test_a_denial_beats_a_confirmed_yes(installation: Installation) -> None:
    cast, request = asked_again(installation)
    confirmed(installation, cast, request)
    carla = installation.person().open(link_in(request, "d"))
    assert carla.sees("Your yes counts.", "Any denial still beats it."), carla.words
    deny(carla)
    assert cast.status_words("Rejected", "Customer decline")
    assert "Reason: No longer our partner" in text_of(cast.told(cast.carla_address, "Recorded"))
    assert cast.ines.sees("No longer our partner")
