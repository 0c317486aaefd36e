"""Two contacts are asked: both first, then the time runs; one denial is enough."""

from tests.support.cast import Cast, link_in, text_of
from tests.support.installation import Installation


def test_the_time_starts_when_both_are_asked_and_the_first_denial_counts(installation: Installation) -> None:
    cast = Cast.gather(installation)
    carlo_address = cast.carla_address.replace("carla@", "carlo@")
    cast.file(**{"Second customer contact name": "Carlo Conti", "Second customer contact email": carlo_address})
    installation.smtp.fail("RCPT", "451 4.7.1 Try again later", address=carlo_address, times=1)
    cast.approve()
    notice = installation.mail_to(cast.carla_address, "You can deny it")
    installation.eventually(lambda: _taken(cast) == 1, "the first notice is noted as taken")
    assert cast.status_words("Their time to deny starts then.", "Deferred, tried again later")
    carla = installation.person().open(link_in(notice, "d"))
    assert carla.sees("The time to deny has not begun for everybody who is asked."), carla.words

    installation.forward(minutes=5)
    second = installation.mail_to(carlo_address, "You can deny it")
    installation.eventually(lambda: cast.status_words("The customer may deny."), "both are asked")
    assert _taken(cast) == 2
    assert link_in(second, "d") != link_in(notice, "d"), "they share a link"

    carlo = installation.person().open(link_in(second, "d"))
    carlo.press("Deny this association", {"Why do you deny it?": "Not these products"})
    assert cast.status_words("Rejected", "Customer decline")
    assert "/u/" in link_in(installation.mail_to(carlo_address, "Recorded"), "u")
    other = text_of(installation.mail_to(cast.carla_address, "Recorded"))
    assert "Reason: Not these products" in other
    assert "/u/" not in other, "who did not deny can undo it"
    carla.open(link_in(notice, "d"))
    assert carla.sees("The association was denied", "Not these products"), carla.words
    assert not carla.buttons


def _taken(cast: Cast) -> int:
    ((count,),) = cast.installation.query(
        "SELECT count(i.taken_at) FROM invitations i JOIN rounds r ON r.id = i.round_id"
        " JOIN claims c ON c.id = r.claim_id WHERE c.reference = :reference",
        reference=cast.reference,
    )
    return int(count)
