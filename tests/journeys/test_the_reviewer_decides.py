"""The reviewer rejects, or asks for more and approves what comes back."""

from tests.support.cast import PROOF, Cast, text_of
from tests.support.installation import Installation
from tests.support.person import File


def test_a_rejected_partner_reads_the_reason_the_comment_and_how_to_dispute(installation: Installation) -> None:
    cast = Cast.gather(installation).file().review()
    cast.rosa.press(
        "Reject", {"Reason": "Insufficient proof of execution", "Comment": "The order names another customer."}
    )
    assert cast.rosa.sees("Rejected")

    mail = text_of(installation.mail_to(cast.ines_address, "Rejected"))
    assert "Insufficient proof of execution" in mail
    assert "The order names another customer." in mail
    assert "You can dispute this until" in mail
    assert cast.status_words("Rejected", "The order names another customer.", "You can dispute this below")
    assert not installation.mails_to(cast.carla_address), "the customer heard of a claim that was never approved"


def test_a_partner_who_is_asked_for_more_provides_it_and_is_approved(installation: Installation) -> None:
    cast = Cast.gather(installation).file().review()
    cast.rosa.press(
        "Request information", {"Reasons": ["Missing or old dates"], "Comment": "Please add the date of the order."}
    )
    asked = text_of(installation.mail_to(cast.ines_address, "Please provide more and resubmit"))
    assert "Missing or old dates" in asked
    assert "Please add the date of the order." in asked
    installation.all_mail_is_out()
    assert cast.status_words("Partner action required", "or the claim is rejected"), "the partner's clock stands"
    assert cast.ines.sees("Missing or old dates", "Please add the date of the order."), cast.ines.words

    cast.ines.press("Upload", {"Document": File("dated order.pdf", PROOF.content)})
    cast.ines.press("Resubmit")
    assert cast.status_words("Submitted", "dated order.pdf")
    cast.rosa.open(f"/review/{cast.reference}").press("Start review").press("Approve")
    assert installation.mail_to(cast.carla_address, "You can deny it")
    assert cast.status_words("Approved")


def test_a_partner_who_answers_nothing_is_rejected_after_the_deadline(installation: Installation) -> None:
    cast = Cast.gather(installation).file().review()
    cast.rosa.press(
        "Request information", {"Reasons": ["Missing or old dates"], "Comment": "Please add the date of the order."}
    )
    installation.mail_to(cast.ines_address, "Please provide more and resubmit")
    installation.all_mail_is_out()
    ((due,),) = installation.query("SELECT due_at FROM claims WHERE reference = :r", r=cast.reference)
    installation.forward(seconds=(due - installation.now()).total_seconds() - 60)
    installation.sweep()
    assert cast.status_words("Partner action required")

    installation.forward(seconds=90)
    assert "No partner response" in text_of(installation.mail_to(cast.ines_address, "Rejected"))
    assert cast.status_words("Rejected", "No partner response")


def test_a_decision_on_an_older_page_is_refused_and_loses_nothing(installation: Installation) -> None:
    cast = Cast.gather(installation).file().review()
    cast.ines.open(f"/claims/{cast.reference}").press("Request rejection")
    cast.ines.press("Request rejection", {"Reason": "Incorrect activity", "Comment": "It was pre-sales."})
    cast.rosa.press("Reject", {"Reason": "Missing products", "Comment": "Intune is not in it."})
    assert cast.rosa.status == 409
    assert "Intune is not in it." in str(cast.rosa.page), "what the reviewer typed is lost"
    assert cast.status_words("Rejected", "Partner request")
