"""A reply by a person holds the closing until a reviewer has read it."""

from tests.support.cast import Cast, text_of
from tests.support.installation import Installation
from tests.support.moments import closing, forward_to

HELD = "A person at the customer has replied. Nothing is closed until the reply is read."
LEFT = "We have not worked with them since May."
DEPUTY = "Who is Carla's deputy?"


def held(installation: Installation) -> Cast:
    """An approved claim for whose reply Rosa holds the closing."""
    cast = Cast.gather(installation).file().approve()
    cast.notice()
    cast.rosa.open(f"/review/{cast.reference}").press("Hold for a reply")
    assert cast.rosa.sees("The closing is held until the reply is read."), cast.rosa.words
    return cast


def test_a_reply_holds_the_closing_and_is_a_denial_only_if_it_denies(installation: Installation) -> None:
    denies, agrees = held(installation), held(installation)
    forward_to(installation, max(closing(denies), closing(agrees)), seconds=3600)
    installation.sweep()
    rosa = denies.rosa.open("/review")
    for cast in (denies, agrees):
        assert cast.status_words("Approved", "A reviewer reads the reply;"), "it was closed over an unread reply"
        assert rosa.sees(f"{cast.reference}, {cast.partner}): {HELD}"), rosa.words

    rosa = denies.rosa.open(f"/review/{denies.reference}")
    rosa.press("Record the reply", {"The words of the reply": LEFT})
    assert rosa.status == 422, "it was taken without saying what it says"
    rosa.press("Record the reply", {"What the reply says": "It denies the association"})
    assert denies.status_words("Rejected", "Customer decline", LEFT)
    told = text_of(installation.mail_to(denies.ines_address, "The customer denied"))
    assert "in a reply that a reviewer read" in told
    assert LEFT in told
    assert LEFT in text_of(installation.mail_to(denies.carla_address, "Recorded"))
    assert denies.ines.open(f"/claims/{denies.reference}/history").sees(LEFT)

    agrees.rosa.open(f"/review/{agrees.reference}").press(
        "Record the reply",
        {
            "What the reply says": "It does not deny the association",
            "The words of the reply": DEPUTY,
        },
    )
    assert installation.mail_to(agrees.ines_address, "Consent period passed")
    assert agrees.status_words("Approved", "The consent period has passed")
    for history in ("history", "history.csv", "history.json"):
        assert agrees.rosa.open(f"/review/{agrees.reference}/{history}").sees(DEPUTY)
        assert not agrees.ines.open(f"/claims/{agrees.reference}/{history}").sees(DEPUTY)
