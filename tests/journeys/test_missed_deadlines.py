"""Deadlines draw near and pass: partners are reminded and then rejected, the operator is only reproached."""

from datetime import timedelta

from cpor_web.rules.roles import Role
from tests.journeys.test_the_wrong_person import stopped
from tests.support.cast import WHERE_IS_INTUNE, Cast, text_of
from tests.support.factories import user
from tests.support.installation import Installation
from tests.support.moments import business_days_until, contact_due, due, forward_to, morning_of, next_morning, today
from tests.support.received_mail import Mail

REMINDER = "Reminder: your action is needed"
DIGEST = "overdue"


def mails(installation: Installation, address: str, subject: str) -> list[Mail]:
    """Return the mails to an address so far, whose subject has these words."""
    return [mail for mail in installation.mails_to(address) if subject in mail.message["Subject"]]


def test_partners_are_reminded_thrice_and_then_rejected(installation: Installation) -> None:
    next_morning(installation)
    asked = Cast.gather(installation).file().review()
    asked.rosa.press("Request information", WHERE_IS_INTUNE)
    installation.mail_to(asked.ines_address, "Please provide more")
    contactless, _ = stopped(installation)
    last = due(asked)
    assert contact_due(contactless) == last
    before, first, second, third = business_days_until(installation, last, 4)
    assert before > today(installation)

    day = today(installation)
    while day < third:
        day += timedelta(days=1)
        forward_to(installation, morning_of(installation, day))
        expected = sum(day >= reminded for reminded in (first, second, third))
        installation.sweep()
        installation.all_mail_is_out()
        for cast in (asked, contactless):
            assert len(mails(installation, cast.ines_address, REMINDER)) == expected, f"on {day}"
    assert "press “Resubmit” by" in text_of(mails(installation, asked.ines_address, REMINDER)[-1])
    assert "until you name a right contact" in text_of(mails(installation, contactless.ines_address, REMINDER)[-1])

    forward_to(installation, last, seconds=-60)
    assert asked.status_words("Partner action required", "or the claim is rejected")
    assert contactless.status_words("Approved", "The right customer contact is needed")
    forward_to(installation, last)
    for cast in (asked, contactless):
        assert "No partner response" in text_of(installation.mail_to(cast.ines_address, "Rejected"))
        assert cast.status_words("Rejected", "No partner response", "You can dispute this below")


def test_what_the_operator_misses_is_reported_daily_and_never_decided(installation: Installation) -> None:
    with installation.session() as session:
        address = user(session, Role.ADMINISTRATOR).email
    late = Cast.gather(installation).file()
    missed = due(late)
    forward_to(installation, missed, seconds=-60)
    assert not late.ines.open(f"/claims/{late.reference}").sees("Overdue")

    for count in (1, 2):
        next_morning(installation)
        installation.eventually(
            lambda count=count: len(mails(installation, address, DIGEST)) == count, f"digest {count} has come"
        )
        installation.sweep()
        installation.all_mail_is_out()
        digests = mails(installation, address, DIGEST)
        assert len(digests) == count, "two digests in a day"
        assert f"{late.reference}, Teams at {late.customer}: due" in text_of(digests[-1])

    fresh = Cast.gather(installation).file()
    queue = fresh.rosa.open("/review")
    assert queue.words.index(late.reference) < queue.words.index(fresh.reference), "it is not at the top"
    (row,) = (row for row in queue.page("tr") if late.reference in row.get_text())
    words = " ".join(row.get_text(" ").split())
    assert "Overdue ended" in words
    assert late.status_words("Submitted", "Overdue")

    installation.forward(days=60)
    installation.sweep()
    installation.all_mail_is_out()
    assert late.status_words("Submitted", "Overdue"), "it was decided by nobody"
    assert not mails(installation, late.ines_address, "Rejected")
    late.review().rosa.press("Approve")
    assert late.status_words("Approved")
