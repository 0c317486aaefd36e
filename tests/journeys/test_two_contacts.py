"""Two contacts are asked: both first, then the time runs; one denial is enough."""

from tests.support.cast import WRONG_PERSON, Cast, link_in, text_of
from tests.support.installation import Installation


def test_the_time_starts_when_both_are_asked_and_the_first_denial_counts(installation: Installation) -> None:
    cast = Cast.gather(installation)
    carlo_address = cast.carla_address.replace("carla@", "carlo@")
    cast.file(**{"Second customer contact name": "Carlo Conti", "Second customer contact email": carlo_address})
    installation.smtp.fail("RCPT", "451 4.7.1 Try again later", address=carlo_address, times=1)
    cast.approve()
    notice = installation.mail_to(cast.carla_address, "You can deny it")
    installation.eventually(lambda: _taken(cast) == 1, "the first notice is noted as taken")
    put_off = ("Their time to deny starts then.", "Deferred, tried again later")
    installation.eventually(lambda: cast.status_words(*put_off), "the other one is noted as put off")
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


def test_of_two_contacts_the_one_who_is_astray_is_replaced_and_everybody_reads_who_that_is(
    installation: Installation,
) -> None:
    cast = Cast.gather(installation)
    carlo_address, dora_address = (cast.carla_address.replace("carla@", f"{name}@") for name in ("carlo", "dora"))
    cast.file(**{"Second customer contact name": "Carlo Conti", "Second customer contact email": carlo_address})
    cast.approve()
    notice = installation.mail_to(carlo_address, "You can deny it")
    installation.all_mail_is_out()
    installation.person().open(link_in(notice, "d")).press(*WRONG_PERSON)

    why = "Carlo Conti: They say that they are not the right person."
    assert cast.told(cast.ines_address, "Please name a right contact", why)
    assert cast.status_words(f"Carlo Conti ({carlo_address}): They say that they are not the right person.")
    cast.ines.press("Name another contact")
    offered = [option.get_text() for option in cast.ines.page.find(id="instead_of")("option")]
    assert offered == ["Carlo Conti"], "a contact who is fine is offered to be replaced"
    cast.ines.press("Propose contact", {"Customer contact name": "Dora Diaz", "Customer contact email": dora_address})
    assert cast.ines.sees(f"You proposed Dora Diaz ({dora_address}) in place of Carlo Conti"), cast.ines.words

    rosa = cast.rosa.open(f"/review/{cast.reference}")
    assert rosa.sees("The partner proposes, in place of Carlo Conti: Dora Diaz"), rosa.words
    assert rosa.sees("Dora Diaz is then asked in place of Carlo Conti"), rosa.words
    rosa.press("Correct contact")
    assert installation.mail_to(dora_address, "You can deny it")
    installation.all_mail_is_out()

    cast.ines.open(f"/claims/{cast.reference}").press("Request rejection")
    cast.ines.press("Request rejection", {"Reason": "Incorrect MPN ID"})
    for address in (cast.carla_address, carlo_address, dora_address):
        assert cast.told(address, "no longer claims"), f"{address} had a notice and is not told of the end"


def _taken(cast: Cast) -> int:
    ((count,),) = cast.installation.query(
        "SELECT count(i.taken_at) FROM invitations i JOIN rounds r ON r.id = i.round_id"
        " JOIN claims c ON c.id = r.claim_id WHERE c.reference = :reference",
        reference=cast.reference,
    )
    return int(count)
