"""A notice that the mail server refuses asks nobody: the clock stands still."""

from datetime import timedelta

from tests.journeys.test_the_wrong_person import name_carlo
from tests.support.cast import Cast, text_of
from tests.support.installation import Installation
from tests.support.moments import end

REFUSED = "550 5.1.1 No such user here"


def test_a_refused_notice_stops_the_clock_until_another_contact_is_asked(installation: Installation) -> None:
    cast = Cast.gather(installation).file()
    installation.smtp.fail("RCPT", REFUSED, address=cast.carla_address)
    try:
        cast.approve()
        told = text_of(installation.mail_to(cast.ines_address, "A mail was not delivered"))
        assert "did not reach Carla Conti" in told
        assert "550 5.1.1" in told
        assert "No such user here" not in told, "a mail server's words may name anybody"
        assert "No such user here" in text_of(installation.mail_to(cast.rosa_address, "A mail was not delivered"))
        assert installation.mail_to(cast.ines_address, "Please name a right contact")
        installation.all_mail_is_out()
    finally:
        installation.smtp.behave()
    assert not installation.mails_to(cast.carla_address)
    assert cast.status_words("Approved", "The right customer contact is needed", "Not delivered")
    assert not cast.status_words("The customer may deny."), "silence would count though nobody was asked"
    rosa = cast.rosa.open(f"/review/{cast.reference}")
    assert rosa.sees("The notice came back.", REFUSED, "The clock is stopped"), rosa.words
    assert rosa.sees("A notice was not delivered: the right contact must be named first."), rosa.words
    assert "Let the period go on" not in rosa.buttons, "a period goes on in which nobody was asked"

    carlo = name_carlo(cast)
    before = installation.now()
    cast.rosa.open(f"/review/{cast.reference}").press("Correct contact")
    assert installation.mail_to(carlo, "You can deny it")
    installation.all_mail_is_out()
    assert cast.status_words("The customer may deny.")
    assert end(cast) - before >= timedelta(days=7)
