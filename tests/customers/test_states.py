"""Each state of a link has a calm page of its own."""

from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from cpor_web import lifecycle
from cpor_web.claims import contacts, operations
from cpor_web.consent import answers, going_on, rounds, stops
from cpor_web.emails.links import Purpose
from cpor_web.models import ERASED, CustomerContact, RoundState
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Rejection, Withdrawal
from cpor_web.rules.statuses import Status
from tests.customers.conftest import (
    RESTORE,
    WRONG_PERSON,
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


def test_who_restored_where_a_yes_is_needed_is_told_that_it_still_is(
    asked_again: Asked, customer: Browser, deny: Deny
) -> None:
    deny(asked_again)
    customer.post(asked_again.path(Purpose.UNDO), data=RESTORE)

    assert "It still needs an explicit yes" in words(customer, asked_again.path(Purpose.UNDO))
    said = words(customer, asked_again.path())
    assert "You need not do anything more." not in said
    assert "Only an explicit yes lets it stand." in said


def test_nobody_is_said_to_be_needed_where_the_time_stands_still_for_a_reviewer(
    asked: Asked, now: datetime, customer: Browser
) -> None:
    claim = lifecycle.hold(asked.session, asked.claim)
    stops.stop(asked.session, claim, asked.invitation.round, now=now, why=stops.DENIED_BY_REPLACED)
    asked.session.commit()
    said = words(customer, asked.path())
    assert "A reviewer decides how it goes on." in said
    assert "a contact who can answer" not in said

    asked.invitation.bounced_at = now
    asked.session.commit()
    assert "a contact who can answer" in words(customer, asked.path())


def test_a_replaced_contact_who_denies_again_after_a_reviewer_has_looked_is_told_so(
    asked: Asked, programme: Programme, now: datetime, deny: Deny
) -> None:
    session, claim, round_ = asked.session, asked.claim, asked.invitation.round
    about: dict[str, Any] = {"now": now, "programme": programme}
    nina = CustomerContact(position=None, name="Nina Neu", email="nina@contoso.example.com", language="en")
    claim.all_contacts.append(nina)
    session.flush()
    going_on.replace_contact(session, claim, round_, asked.invitation.contact, nina, **about)
    claims.take_notice(session, programme, claims.invitations_of(session, claim)[-1], now=now)
    session.commit()
    assert "Your denial was noted" in deny(asked).text
    reviewer = claim.reviewer
    assert reviewer is not None
    contacts.let_go_on(session, claim, "He has left.", actor=reviewer.actor, **about)
    session.commit()
    before = asked.rows()

    answer = deny(asked)

    assert "a person has looked at it. What you pressed now was not recorded" in answer.text
    assert "Your denial was noted" not in answer.text
    assert asked.rows() == before


def test_who_said_by_mistake_to_be_the_wrong_person_is_asked_once_more_with_all_buttons(
    asked: Asked, programme: Programme, now: datetime, customer: Browser
) -> None:
    session, claim = asked.session, asked.claim
    every = buttons(customer, asked.path())
    answers.no_objection(session, asked.invitation, now=now, programme=programme)
    answers.not_the_right_person(session, asked.invitation, now=now, programme=programme)
    session.commit()
    assert "can ask you once more" in words(customer, asked.path())
    reviewer = claim.reviewer
    assert reviewer is not None
    contacts.let_go_on(session, claim, "She is.", actor=reviewer.actor, now=now, programme=programme)
    claims.take_notice(session, programme, asked.invitation, now=now)
    session.commit()

    said = words(customer, asked.path())
    assert "you need not do anything more, and no mail follows" not in said
    assert "If nothing is done by" in said
    assert buttons(customer, asked.path()) == every
    customer.post(asked.path(), data=WRONG_PERSON)
    assert "The time stands still for now." in words(customer, asked.path())


def test_who_is_asked_once_more_reads_no_end_that_is_over(
    committed: Session, app: Flask, programme: Programme, now: datetime, customer: Browser
) -> None:
    about: dict[str, Any] = {"programme": programme}
    said = []
    for ago in (timedelta(days=3), timedelta(days=10)):
        asked = asked_about(committed, app, claims.running(committed, programme, now=now - ago))
        answers.not_the_right_person(committed, asked.invitation, now=now - timedelta(days=3), **about)
        reviewer = asked.claim.reviewer
        assert reviewer is not None
        contacts.let_go_on(committed, asked.claim, "She is.", actor=reviewer.actor, now=now, **about)
        committed.commit()
        said.append(words(customer, asked.path()))
    lately, long_ago = said

    assert "It does not end before" in lately
    assert "It does not end before" not in long_ago
    assert "The time to deny has not begun for everybody who is asked. This page then shows its end." in long_ago


def test_who_was_erased_is_promised_no_mail_and_no_link_that_undoes_a_denial(
    asked: Asked, customer: Browser, deny: Deny
) -> None:
    promised = "yours has a link that undoes it"
    assert promised in words(customer, asked.path())
    asked.invitation.contact.email = ERASED
    asked.session.commit()

    assert promised not in words(customer, asked.path())
    assert "You get none, and so no link that undoes it" in words(customer, asked.path())
    deny(asked)
    said = words(customer, asked.path())
    assert "got another one by mail" not in said
    assert "Every contact" not in said
    assert "Was it a mistake? Write to the address below" in said


def test_another_contact_is_not_told_that_one_who_was_erased_got_a_link_that_undoes_it(
    committed: Session, app: Flask, programme: Programme, now: datetime, customer: Browser, deny: Deny
) -> None:
    other = claims.ContactDraft(name="Sam Soto", email="sam@contoso.example.com")
    claim = claims.running(committed, programme, now=now, second=other)
    denies, reads = asked_about(committed, app, claim), asked_about(committed, app, claim, 1)
    denies.invitation.contact.email = ERASED
    committed.commit()

    deny(denies)

    assert "got a mail with a link" not in words(customer, reads.path())
