"""A denial is undone by the link of whoever denied, once, in time; then everything is as before."""

from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy.orm import Session

from cpor_web.emails.links import Purpose
from cpor_web.models import RoundState
from cpor_web.programme import Programme
from cpor_web.rules.statuses import Status
from tests.customers.conftest import (
    NO_OBJECTION,
    RESTORE,
    WRONG_PERSON,
    Asked,
    Deny,
    asked_about,
)
from tests.customers.pages import buttons, heading, words
from tests.support import claims
from tests.support.browser import Browser

SECOND = claims.ContactDraft(name="Sam Soto", email="sam@contoso.example.com", language="sv")


def test_only_the_link_of_the_one_who_denied_restores(asked: Asked, deny: Deny, customer: Browser) -> None:
    assert heading(customer, asked.path(Purpose.UNDO)) == "There is nothing to restore"
    deny(asked)
    assert buttons(customer, asked.path(Purpose.UNDO)) == ["Restore the association"]

    response = customer.post(asked.path(Purpose.UNDO), data=RESTORE)

    assert response.status_code == 303
    assert asked.fresh().claim.status is Status.APPROVED
    assert asked.invitation.round.state is RoundState.RUNNING
    assert heading(customer, asked.path(Purpose.UNDO)) == "The association is restored"
    assert heading(customer, asked.path()) == "The association is restored"


def test_of_what_was_said_one_after_the_other_the_page_tells_the_newest(
    asked: Asked, deny: Deny, customer: Browser
) -> None:
    deny(asked)
    customer.post(asked.path(Purpose.UNDO), data=RESTORE)
    assert "The denial was undone" in words(customer, asked.path())

    customer.post(asked.path(), data=NO_OBJECTION)
    assert "that you have no objection" in words(customer, asked.path())

    customer.post(asked.path(), data=WRONG_PERSON)
    assert "that you are not the right person" in words(customer, asked.path())


def test_another_contact_cannot_undo(
    committed: Session, app: Flask, programme: Programme, now: datetime, deny: Deny, customer: Browser
) -> None:
    claim = claims.running(committed, programme, now=now, second=SECOND)
    first, second = (asked_about(committed, app, claim, contact) for contact in (0, 1))
    deny(first)
    before = second.rows()

    assert buttons(customer, second.path(Purpose.UNDO)) == []
    assert customer.post(second.path(Purpose.UNDO), data=RESTORE).status_code == 409
    assert second.rows() == before
    assert heading(customer, f"{second.path()}?lang=en") == "The association was denied"


def test_there_is_nothing_to_undo_before_a_denial_or_after_its_time(
    committed: Session, app: Flask, programme: Programme, now: datetime, customer: Browser
) -> None:
    asked = asked_about(committed, app, claims.denied(committed, programme, now=now - timedelta(days=20)))

    assert buttons(customer, asked.path(Purpose.UNDO)) == []
    response = customer.post(asked.path(Purpose.UNDO), data=RESTORE)
    assert response.status_code == 409
    assert "The time to undo the denial has passed." in response.text
