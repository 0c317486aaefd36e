"""Silence is an answer only once the printed end and the grace are over."""

import re

from tests.support.cast import Cast, text_of
from tests.support.installation import Installation


def test_a_window_passes_after_its_end_and_its_grace_and_is_assessed_once(installation: Installation) -> None:
    cast = Cast.gather(installation).file().approve()
    printed = re.search(r"deny it until (.+?)\. The page", text_of(cast.notice()))
    assert printed
    assert cast.status_words(printed[1]), "the partner reads another end than the customer"

    installation.forward(days=7)
    installation.sweep()
    assert cast.status_words("The customer may deny."), "it was closed before its end"

    end, closes = installation.query(
        "SELECT ends_at, closes_at FROM rounds JOIN claims ON claims.id = claim_id WHERE reference = :reference",
        reference=cast.reference,
    )[0]
    installation.forward(seconds=(end - installation.now()).total_seconds() + 60)
    installation.sweep()
    assert cast.status_words("The customer may deny."), "it was closed within its grace"

    installation.forward(seconds=(closes - installation.now()).total_seconds() + 1)
    installation.mail_to(cast.ines_address, "Consent period passed")
    result = installation.mail_to(cast.ines_address, "Eligible for incentives")
    assert cast.reference in text_of(result)
    assert cast.status_words("Approved", "The consent period has passed")

    installation.sweep()
    assert len(_assessments(installation, cast)) == 1
    subjects = [mail.message["Subject"] for mail in installation.mails_to(cast.ines_address)]
    assert sorted(subjects) == sorted(set(subjects)), "the partner was told something twice"
    assert cast.ines.open("/earnings").sees(cast.customer)


def test_a_denial_after_the_window_ends_the_association_all_the_same(installation: Installation) -> None:
    from tests.support.cast import link_in

    cast = Cast.gather(installation).file().approve()
    notice = cast.notice()
    installation.forward(days=9)
    installation.mail_to(cast.ines_address, "Eligible for incentives")

    carla = installation.person().open(link_in(notice, "d"))
    assert carla.sees("The time to deny ended on")
    carla.press("Deny this association", {"Why do you deny it?": "Not our partner"})
    assert cast.status_words("Rejected", "Customer decline")
    ((ended_why,),) = installation.query(
        "SELECT ended_why FROM assessments JOIN claims ON claims.id = claim_id WHERE reference = :reference",
        reference=cast.reference,
    )
    assert ended_why == "denied"


def _assessments(installation: Installation, cast: Cast) -> list[str]:
    rows = installation.query(
        "SELECT state FROM assessments JOIN claims ON claims.id = claim_id WHERE reference = :reference",
        reference=cast.reference,
    )
    return [state for (state,) in rows]
