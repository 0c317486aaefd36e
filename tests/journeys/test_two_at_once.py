"""Two people act on one claim: the first wins, the other is told what happened and loses nothing."""

from tests.support.cast import PROOF, WHERE_IS_INTUNE, Cast
from tests.support.installation import Installation
from tests.support.person import File


def test_the_second_of_two_editors_undoes_nothing_and_decides_where_both_have_written(
    installation: Installation,
) -> None:
    cast = Cast.gather(installation).file(Products=["Teams", "Intune", "Exchange Online"])
    ingrid = cast.colleague()
    ingrid.open(f"/claims/{cast.reference}").press("Edit")
    firsts = {
        "Partner contact name": "Ida Berg",
        "Customer contact title": "CIO",
        "Customer contact language": "Deutsch",
        "Products": ["Teams", "Exchange Online"],
    }
    cast.ines.press("Edit").press("Save", firsts)
    assert cast.ines.sees("Saved.", "Ida Berg"), cast.ines.words

    products = ["Teams", "Intune", "Exchange Online", "SharePoint Online"]
    ingrid.press("Save", {"Customer contact title": "Chief of IT", "Products": products})
    assert ingrid.status == 409
    assert cast.status_words("Ida Berg", "CIO"), "the second has won all the same"
    assert ingrid.sees(
        "Partner contact name : Ines Incentives → Ida Berg",
        "Customer contact language : English → Deutsch",
        "Products : Exchange Online, Intune, Teams → Exchange Online, Teams",
        "Customer contact title : Head of IT → CIO",
        "It is taken over.",
        "Your own text is kept. Change it, or save it as it is.",
    ), ingrid.words
    title, name = ingrid.page.find(id="contact_title"), ingrid.page.find(id="partner_contact_name")
    assert title["value"] == "Chief of IT", "what the second typed is lost"
    hint = ingrid.page.find(id=str(title["aria-describedby"])).get_text()
    assert "Now: CIO, changed by Incentives admin" in hint
    assert name["value"] == "Ida Berg", "what the second had not touched would be undone"

    ingrid.press("Save")
    assert ingrid.sees("Saved.")
    assert cast.status_words("Ida Berg", "Chief of IT", "Deutsch", "Exchange Online, SharePoint Online, Teams")
    ingrid.open(f"/claims/{cast.reference}/history")
    assert ingrid.sees(
        "Customer contact title: CIO → Chief of IT",
        "Products: Exchange Online, Teams → Exchange Online, SharePoint Online, Teams",
        "Customer contact language: English → Deutsch",
    ), ingrid.words
    assert not ingrid.sees("Ida Berg → Ines Incentives")


def test_a_document_is_kept_though_a_colleague_was_quicker(installation: Installation) -> None:
    cast = Cast.gather(installation).file().review()
    ingrid = cast.colleague()
    cast.rosa.press("Request information", WHERE_IS_INTUNE)
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
