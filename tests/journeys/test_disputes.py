"""A rejection is disputed once, and another reviewer decides."""

from tests.support.cast import PROOF, Cast, link_in, text_of
from tests.support.installation import Installation
from tests.support.person import File, Person

STATEMENT = File("statement of work.pdf", PROOF.content)
REJECTION = {"Reason": "Insufficient proof of execution", "Comment": "The order names another customer."}
DISPUTE = {"Business justification": "The order names the customer's holding.", "Document": STATEMENT}


def rejected(installation: Installation) -> Cast:
    """A claim that Rosa rejected."""
    cast = Cast.gather(installation).file().review()
    cast.rosa.press("Reject", REJECTION)
    installation.mail_to(cast.ines_address, "Rejected")
    return cast


def take_over(cast: Cast, rune: Person) -> Person:
    """Let Rune take the claim from the queue of those disputed."""
    rune.open("/review?disputed=y").follow(f"Teams at {cast.customer}").press("Take over")
    assert rune.sees("You hold the claim now."), rune.words
    return rune


def test_a_disputed_claim_waits_for_another_reviewer_who_can_approve_it(installation: Installation) -> None:
    cast = rejected(installation)
    rune = cast.reviewer()
    cast.ines.open(f"/claims/{cast.reference}").press("Dispute", {})
    assert cast.ines.status == 422, "a dispute without a word or a document was taken"
    cast.ines.press("Dispute", DISPUTE)
    assert cast.status_words("Under review", "Disputed", "statement of work.pdf")
    assert installation.mail_to(cast.ines_address, "Dispute received")

    rosa = cast.rosa.open(f"/review/{cast.reference}")
    assert rosa.sees("Disputed", "Reviewer Nobody", "The order names the customer's holding."), rosa.words
    assert not {"Take over", "Approve", "Reject"} & set(rosa.buttons), "she is offered what she may not do"
    ((seen,),) = installation.query("SELECT version FROM claims WHERE reference = :r", r=cast.reference)
    rosa.send_unasked(f"/review/{cast.reference}/take-over", seen=str(seen))
    assert rosa.status == 409
    assert rosa.sees("You rejected this claim. Another reviewer decides on its dispute."), rosa.words
    assert cast.status_words("Under review", "Disputed")

    take_over(cast, rune).press("Approve")
    assert "the association stands" in text_of(cast.notice())
    assert cast.status_words("Approved", "The customer may deny. Without a denial the claim is assessed.")


def test_a_claim_is_disputed_once_and_what_the_customer_then_denies_is_final(installation: Installation) -> None:
    cast = rejected(installation)
    cast.ines.open(f"/claims/{cast.reference}").press("Dispute", DISPUTE)
    take_over(cast, cast.reviewer()).press("Approve")
    installation.person().open(link_in(cast.notice(), "d")).press(
        "Deny this association", {"Why do you deny it?": "Not our partner"}
    )
    assert "This is final" in text_of(cast.told(cast.ines_address, "Rejected", "Customer decline"))

    assert cast.status_words("Rejected", "The claim was disputed once, so this decision is final.")
    assert "Dispute" not in cast.ines.buttons
    cast.ines.send_unasked(f"/claims/{cast.reference}/dispute", justification="Once more, please.")
    assert cast.ines.status == 409
    assert cast.ines.sees("This claim was disputed once; the decision is final.", "Once more, please.")
    assert cast.status_words("Rejected")


def test_after_a_lost_dispute_a_new_claim_copies_the_fields_and_not_the_proof(installation: Installation) -> None:
    cast = rejected(installation)
    cast.ines.open(f"/claims/{cast.reference}").press("Dispute", DISPUTE)
    take_over(cast, cast.reviewer()).press(
        "Reject", {"Reason": "Missing products", "Comment": "Intune is still not in it."}
    )
    final = text_of(cast.told(cast.ines_address, "Rejected", "Intune is still not in it."))
    assert "This is final" in final
    assert "You can dispute this until" not in final
    assert cast.status_words("Rejected", "Intune is still not in it.", "This rejection is final.")
    assert "Dispute" not in cast.ines.buttons

    cast.ines.press("New claim from this one").press("Save")
    fresh = cast.ines.open(cast.ines.address)
    assert f"/claims/{cast.reference}" not in fresh.address
    assert fresh.sees("Editing", cast.customer, cast.carla_address, cast.tenant, "Intune, Teams"), fresh.words
    assert fresh.sees("No document yet."), "the proof was copied too"
    assert not fresh.sees("order.pdf")
    assert cast.status_words("Rejected"), "the old claim has changed"
