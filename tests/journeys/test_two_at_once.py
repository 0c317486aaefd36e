"""Two people act on one claim: the first wins, the other is told what happened and loses nothing."""

from tests.support.cast import PROOF, Cast
from tests.support.installation import Installation
from tests.support.person import File


def test_the_second_of_two_editors_sees_the_firsts_change_and_keeps_their_own_text(
    installation: Installation,
) -> None:
    cast = Cast.gather(installation).file()
    ingrid = cast.colleague()
    ingrid.open(f"/claims/{cast.reference}").press("Edit")
    cast.ines.press("Edit").press("Save", {"Partner contact name": "Ida Berg"})
    assert cast.ines.sees("Saved.", "Ida Berg"), cast.ines.words

    ingrid.press("Save", {"Customer contact title": "Chief of IT", "Partner contact name": "Ivar Berg"})
    assert ingrid.status == 409
    assert ingrid.sees("New since you opened the page:", "The claim was edited."), ingrid.words
    typed = [str(field["value"]) for field in ingrid.page("input", value=True)]
    assert {"Chief of IT", "Ivar Berg"} <= set(typed), "what the second typed is lost"
    assert cast.status_words("Ida Berg", "Head of IT"), "the second has won all the same"

    ingrid.press("Save")
    assert ingrid.sees("Saved.")
    assert cast.status_words("Ivar Berg", "Chief of IT")
    assert ingrid.open(f"/claims/{cast.reference}/history").sees(
        "Partner contact name: Ines Incentives → Ida Berg", "Partner contact name: Ida Berg → Ivar Berg"
    )


def test_a_document_is_kept_though_a_colleague_was_quicker(installation: Installation) -> None:
    cast = Cast.gather(installation).file().review()
    ingrid = cast.colleague()
    cast.rosa.press("Request information", {"Reasons": ["Missing products"], "Comment": "Where is Intune?"})
    for person in (ingrid, cast.ines):
        person.open(f"/claims/{cast.reference}")
    cast.ines.press("Upload", {"Document": File("intune.pdf", PROOF.content)})
    ingrid.press("Upload", {"Document": File("intune too.pdf", PROOF.content + b"\n")})
    assert ingrid.sees("intune.pdf", "intune too.pdf"), ingrid.words


def test_of_two_reviewers_who_start_at_once_one_holds_the_claim(installation: Installation) -> None:
    cast = Cast.gather(installation).file()
    rune = cast.reviewer()
    rune.open(f"/review/{cast.reference}")
    cast.review()
    rune.press("Start review")
    assert rune.status == 409
    assert rune.sees("The review started."), rune.words
    rune.send_unasked(
        f"/review/{cast.reference}/approve", seen=str(rune.page.find("input", {"name": "seen"})["value"])
    )
    assert rune.status == 409
    assert rune.sees("Only the reviewer who holds this claim decides on it."), rune.words
    assert cast.status_words("Under review")
