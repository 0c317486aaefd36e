"""Each state of a link has a calm page of its own."""

from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy.orm import Session

from cpor_web import lifecycle
from cpor_web.claims import operations
from cpor_web.consent import answers, rounds
from cpor_web.models import RoundState
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Rejection, Withdrawal
from cpor_web.rules.statuses import Status
from tests.customers.conftest import (
    Asked,
    Deny,
    asked_about,
)
from tests.customers.pages import buttons, heading, words
from tests.support import claims
from tests.support.browser import Browser


def test_before_the_notices_are_out_the_page_promises_no_end(
    committed: Session, app: Flask, programme: Programme, now: datetime, customer: Browser
) -> None:
    asked = asked_about(committed, app, claims.approved(committed, programme, now=now))

    assert "has not begun for everybody" in words(customer, asked.path())


def test_after_the_printed_end_a_denial_is_in_time_until_the_closing(
    committed: Session, app: Flask, programme: Programme, now: datetime, customer: Browser, deny: Deny
) -> None:
    asked = asked_about(committed, app, claims.running(committed, programme, now=now - timedelta(days=10)))

    assert "The question is not closed yet" in words(customer, asked.path())
    deny(asked)
    assert not asked.answers()[0].is_late


def test_the_page_says_that_the_partner_gave_the_claim_up(
    asked: Asked, programme: Programme, now: datetime, customer: Browser, deny: Deny
) -> None:
    operations.withdraw(
        asked.session, asked.claim, Withdrawal.CUSTOMER_LEFT, actor=asked.claim.filed_by.actor, now=now,
        programme=programme,
    )  # fmt: skip
    asked.session.commit()
    before = asked.rows()

    assert "has given its claim up" in words(customer, asked.path())
    assert buttons(customer, asked.path()) == []
    assert "What you pressed now was not recorded: it came too late." in deny(asked).text
    assert asked.rows() == before


def test_a_replaced_contact_is_not_told_that_a_denial_was_noted_where_none_was(
    asked: Asked, programme: Programme, now: datetime, deny: Deny
) -> None:
    asked.invitation.superseded_at = now
    asked.session.flush()
    operations.withdraw(
        asked.session, asked.claim, Withdrawal.CUSTOMER_LEFT, actor=asked.claim.filed_by.actor, now=now,
        programme=programme,
    )  # fmt: skip
    asked.session.commit()
    before = asked.rows()

    answer = deny(asked)

    assert "What you pressed now was not recorded: it came too late." in answer.text
    assert "was noted" not in answer.text
    assert asked.rows() == before


def test_a_superseded_link_says_so_and_a_denial_through_it_reaches_a_person(
    asked: Asked, now: datetime, customer: Browser, deny: Deny
) -> None:
    asked.invitation.superseded_at = now
    asked.session.commit()

    assert heading(customer, asked.path()) == "Another contact is asked now"
    said = words(customer, asked.path())
    assert "reads the reason and your words" in said
    assert "Denying ends the whole claim" not in said
    response = deny(asked)

    assert response.status_code == 200
    assert "Your denial was noted" in response.text
    assert asked.fresh().claim.status is Status.APPROVED
    assert asked.invitation.round.state is RoundState.STOPPED


def test_the_page_says_that_no_yes_came(
    asked_again: Asked, programme: Programme, now: datetime, customer: Browser
) -> None:
    asked = asked_again
    assert rounds.close(asked.session, asked.invitation.round_id, now=now + timedelta(days=10), programme=programme)
    asked.session.commit()

    assert "No explicit yes came by" in words(customer, asked.path())


def test_the_page_says_when_somebody_was_named_too_late(
    asked: Asked, programme: Programme, now: datetime, customer: Browser
) -> None:
    claim = lifecycle.hold(asked.session, asked.claim)
    answers.not_the_right_person(asked.session, asked.invitation, now=now, programme=programme)
    claim.status, claim.rejection, claim.status_since = Status.REJECTED, Rejection.NO_PARTNER_RESPONSE, now
    rounds.end(asked.session, asked.invitation.round, now=now)
    asked.session.commit()

    assert "There is no association." in words(customer, asked.path())
