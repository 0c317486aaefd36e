"""Mail comes back: a report stops the clock, a person's reply holds the closing."""

from datetime import timedelta

from tests.journeys.test_the_wrong_person import name_carlo
from tests.support.cast import Cast, link_in, text_of
from tests.support.incoming_mail import bounce, receive
from tests.support.installation import Installation
from tests.support.moments import closing, contact_due, end, forward_to
from tests.support.returned_mail import out_of_office, reply

GONE = "550 5.1.1 carla has left the company"
NEVER = "We have never worked with them."


def test_a_notice_that_comes_back_stops_the_clock_until_another_contact_is_asked(installation: Installation) -> None:
    cast = Cast.gather(installation).file().approve()
    notice = cast.notice()
    forward_to(installation, installation.now() + timedelta(days=2))
    bounce(installation, notice, diagnostic=f"smtp; {GONE}")

    assert GONE in text_of(installation.mail_to(cast.rosa_address, "A mail was not delivered"))
    to_partner = text_of(installation.mail_to(cast.ines_address, "A mail was not delivered"))
    assert "5.1.1" in to_partner
    assert "has left the company" not in to_partner, "anybody who got a mail can write what a report says"
    assert installation.mail_to(cast.ines_address, "Please name a right contact")
    installation.all_mail_is_out()
    assert cast.status_words("The right customer contact is needed", "Came back")
    assert contact_due(cast) > installation.now()
    rosa = cast.rosa.open(f"/review/{cast.reference}")
    assert rosa.sees("The notice came back.", GONE), rosa.words
    assert rosa.open("/review/mails?state=bounced").sees(cast.reference, GONE)
    assert rosa.open("/review/received?kind=hard-bounce").sees(cast.reference, "5.1.1")
    history = cast.ines.open(f"/claims/{cast.reference}/history")
    assert history.sees("A mail came back.", "Answer of the mail server: 5.1.1")
    assert not history.sees("has left the company"), "the partner reads what anybody can write"
    assert cast.rosa.open(f"/review/{cast.reference}/history").sees("A mail came back.", GONE)
    assert len(installation.mails_to(cast.carla_address)) == 1, "the customer was told of a bounce"

    carlo = name_carlo(cast)
    before = installation.now()
    cast.rosa.open(f"/review/{cast.reference}").press("Correct contact")
    assert installation.mail_to(carlo, "You can deny it")
    installation.all_mail_is_out()
    assert cast.status_words("The customer may deny.")
    assert end(cast) - before >= timedelta(days=7)


def test_a_notice_that_comes_back_after_the_window_flags_what_was_assessed(installation: Installation) -> None:
    cast = Cast.gather(installation).file().approve()
    notice = cast.notice()
    forward_to(installation, closing(cast))
    assert installation.mail_to(cast.ines_address, "Consent period passed")
    assert installation.mail_to(cast.ines_address, "Eligible for incentives")
    bounce(installation, notice, diagnostic=f"smtp; {GONE}")
    assert GONE in text_of(installation.mail_to(cast.rosa_address, "A mail was not delivered"))
    assert cast.status_words("Approved", "The association ended afterwards")
    bounce(installation, notice, status="5.0.0")
    installation.sweep()
    flags = "SELECT 1 FROM events JOIN claims ON claims.id = claim_id WHERE reference = :r AND kind = :k"
    assert len(installation.query(flags, r=cast.reference, k="assessment:flagged")) == 1


def test_a_reply_by_mail_holds_the_closing_and_is_read_on_the_page_of_the_claim(installation: Installation) -> None:
    cast = Cast.gather(installation).file().approve()
    notice = cast.notice()
    message_id, link = notice.message["Message-ID"], link_in(notice, "d")
    words = f"<b>{NEVER}</b>\n\n> You can deny it here:\n> {link}\n\nwww.example.org/{link.rpartition('/')[2]}"
    away = out_of_office(cast.carla_address, to=notice.mail_from, answers=message_id)
    assert receive(installation, away).returncode == 0
    assert receive(installation, reply(cast.carla_address, words, answers=message_id)).returncode == 0

    forward_to(installation, closing(cast), seconds=3600)
    installation.sweep()
    assert cast.status_words("Approved", "A reviewer reads the reply;"), "it was closed over an unread reply"
    rosa = cast.rosa.open("/review")
    assert rosa.sees(f"{cast.reference}, {cast.partner}): A person at the customer has replied."), rosa.words
    rosa.open(f"/review/{cast.reference}")
    assert rosa.sees(cast.carla_address, f"<b>{NEVER}</b>"), rosa.words
    assert not rosa.sees("I am away"), "what a program wrote is shown as a person's"
    token = link.rpartition("/")[2]
    assert token[:22] not in str(rosa.page), "a page of staff shows the customer's link"

    saved = rosa.follow("Save as it came")
    assert saved.status == 200
    rosa.open(f"/review/{cast.reference}")
    evidence = rosa.page.find("textarea", id="reply-evidence").get_text()
    assert NEVER in evidence
    rosa.press("Record the reply", {"What the reply says": "It denies the association"})
    assert cast.status_words("Rejected", "Customer decline", NEVER)
    told = text_of(installation.mail_to(cast.carla_address, "Recorded"))
    assert NEVER in told
    assert token not in str(installation.rows()), "the database holds a customer's link"
