"""What a contact says is recorded once, and the page then says what is so."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from cpor_web.consent import rounds
from cpor_web.emails.links import Purpose
from cpor_web.models import AnswerKind, RoundState
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Rejection, Way
from cpor_web.rules.statuses import Status
from tests.customers.conftest import (
    CONFIRM,
    NO_OBJECTION,
    PRESS_YES,
    WRONG_PERSON,
    Asked,
    Deny,
    asked_about,
)
from tests.customers.pages import buttons, heading, words
from tests.support import claims
from tests.support.browser import Browser

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
SECOND = claims.ContactDraft(name="Sam Soto", email="sam@contoso.example.com", language="sv")


# Denying


@pytest.mark.parametrize(
    "form",
    [{}, {"reason": ""}, {"reason": "none-given"}, {"reason": "nonsense"}, {"answer": "deny"}, {"words": "No!"}],
)
def test_without_the_choice_nothing_is_recorded(asked: Asked, customer: Browser, form: dict[str, str]) -> None:
    before = asked.rows()

    response = customer.post(asked.path(), data=form)

    assert response.status_code == 422
    assert "There is a problem" in response.text
    assert 'aria-invalid="true"' in response.text or "field--wrong" in response.text
    assert asked.rows() == before


def test_what_was_typed_is_not_lost_where_the_choice_is_missing(asked: Asked, customer: Browser) -> None:
    response = customer.post(asked.path(), data={"words": "We moved to another partner."})

    assert "We moved to another partner." in response.text


def test_too_many_words_are_refused_in_the_language_of_the_contact(asked: Asked, customer: Browser) -> None:
    sent = {"reason": "other", "words": "x" * 2001}

    response = customer.post(asked.path(), data=sent, headers={"Accept-Language": "de"})

    assert response.status_code == 422
    assert '<html lang="en">' in response.text
    assert "Enter at most 2,000 characters." in response.text
    assert asked.answers() == []


def test_a_denial_rejects_the_claim_and_tells_everybody(asked: Asked, deny: Deny, customer: Browser) -> None:
    response = deny(asked, "no-longer-our-partner", "We moved.\r\nSorry.\x00")

    assert response.status_code == 303
    assert response.location == asked.path()
    assert "Set-Cookie" not in response.headers
    (answer,) = asked.answers()
    assert (answer.kind, answer.reason, answer.way) == (AnswerKind.DENIED, Denial.NO_LONGER_OUR_PARTNER, Way.PAGE)
    assert answer.words == "We moved.\nSorry."
    assert asked.claim.status is Status.REJECTED
    assert asked.claim.rejection is Rejection.CUSTOMER_DECLINE
    assert len(asked.mails("denial-recorded")) == len(asked.mails("denial-recorded-partner")) == 1
    page = words(customer, asked.path())
    assert heading(customer, asked.path()) == "The association was denied"
    assert "No longer our partner" in page
    assert "on the page of the link" in page
    assert buttons(customer, asked.path()) == []


def test_denying_again_is_the_same_as_once(asked: Asked, deny: Deny, customer: Browser) -> None:
    deny(asked)
    before = asked.rows()

    again = deny(asked, "other", "once more")
    assert "The association was denied already, on" in again.text
    assert "What you pressed now was not recorded." in again.text
    assert customer.post(asked.path(Purpose.ONE_CLICK), data=ONE_CLICK).status_code == 200
    assert asked.rows() == before


def test_after_the_days_a_denial_ends_the_association(
    committed: Session, app: Flask, programme: Programme, now: datetime, deny: Deny, customer: Browser
) -> None:
    asked = asked_about(committed, app, claims.running(committed, programme, now=now - timedelta(days=10)))
    assert rounds.close(committed, asked.invitation.round_id, now=now, programme=programme)
    committed.commit()

    assert heading(customer, asked.path()) == "The association stands"
    assert buttons(customer, asked.path()) == ["Deny this association"]
    deny(asked)

    (answer,) = asked.answers()
    assert answer.is_late
    assert asked.claim.status is Status.REJECTED
    assert "The time to deny was over by then" in words(customer, asked.path())


# The mail client's own button: RFC 8058


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_mail_client_denies_with_one_request(asked: Asked, customer: Browser, content_type: str) -> None:
    response = customer.post(asked.path(Purpose.ONE_CLICK), data=ONE_CLICK, content_type=content_type)

    assert response.status_code == 200
    assert "Location" not in response.headers
    assert "Set-Cookie" not in response.headers
    (answer,) = asked.answers()
    assert (answer.kind, answer.reason, answer.way) == (AnswerKind.DENIED, Denial.NONE_GIVEN, Way.MAIL_CLIENT)
    assert asked.claim.status is Status.REJECTED
    assert "with the button of a mail client" in words(customer, asked.path())


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param({"data": {}}, 400, id="nothing"),
        pytest.param({"data": {"List-Unsubscribe": "Later"}}, 400, id="another word"),
        pytest.param({"json": ONE_CLICK}, 415, id="JSON"),
        pytest.param({"query_string": ONE_CLICK}, 400, id="in the address"),
        pytest.param({"data": {**ONE_CLICK, "more": "x" * 100_000}}, 413, id="too large"),
    ],
)
def test_what_is_merely_posted_to_the_address_changes_nothing(
    asked: Asked, customer: Browser, request_: dict[str, Any], status: int
) -> None:
    before = asked.rows()

    assert customer.post(asked.path(Purpose.ONE_CLICK), **request_).status_code == status
    assert asked.rows() == before


def test_the_address_of_the_mail_client_has_no_page(asked: Asked, customer: Browser) -> None:
    response = customer.get(asked.path(Purpose.ONE_CLICK))

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"


# The quieter answers


def test_no_objection_is_recorded_once_and_shortens_nothing(asked: Asked, customer: Browser) -> None:
    end = asked.invitation.round.ends_at
    for _ in range(2):
        assert customer.post(asked.path(), data=NO_OBJECTION).status_code == 303

    assert [answer.kind for answer in asked.answers()] == [AnswerKind.NO_OBJECTION]
    assert asked.invitation.round.ends_at == end
    assert heading(customer, asked.path()) == "Noted: you have no objection"
    page = words(customer, asked.path())
    assert "You told us on" in page
    assert "Unless somebody denies it by" in page
    assert "asks you whether that is right" not in page
    assert "If it is not for you to say" in page
    assert buttons(customer, asked.path()) == ["Deny this association", "I am not the right person"]


def test_the_wrong_person_stops_the_time_and_can_still_deny(asked: Asked, customer: Browser, deny: Deny) -> None:
    customer.post(asked.path(), data=WRONG_PERSON)

    assert [answer.kind for answer in asked.answers()] == [AnswerKind.NOT_THE_RIGHT_PERSON]
    assert asked.invitation.round.state is RoundState.STOPPED
    assert len(asked.mails("contact-needed")) == 1
    page = words(customer, asked.path())
    assert heading(customer, asked.path()) == "Noted: you are not the right person"
    assert "If it names nobody in time, the claim is rejected." in page
    assert buttons(customer, asked.path()) == ["Deny this association"]
    assert "The time stands still for now." in page
    deny(asked)
    assert asked.fresh().claim.status is Status.REJECTED


# Yes


def test_a_yes_counts_once_it_is_confirmed(asked_again: Asked, customer: Browser) -> None:
    asked = asked_again
    assert "Yes, we work with this partner" in buttons(customer, asked.path())
    assert "I have no objection" not in buttons(customer, asked.path())

    customer.post(asked.path(), data=PRESS_YES)
    assert asked.fresh().invitation.round.yes_at is None
    assert len(asked.mails("yes-confirmation")) == 1
    assert "It does not count yet" in words(customer, asked.path())

    assert buttons(customer, asked.path(Purpose.YES)) == ["Yes, we work with this partner"]
    assert customer.post(asked.path(Purpose.YES), data=CONFIRM).status_code == 303
    assert asked.fresh().invitation.round.yes_at is not None
    assert heading(customer, asked.path(Purpose.YES)) == "Your yes counts"


def test_a_denial_beats_a_yes(asked_again: Asked, customer: Browser, deny: Deny) -> None:
    asked = asked_again
    customer.post(asked.path(Purpose.YES), data=CONFIRM)

    deny(asked)

    assert asked.fresh().claim.status is Status.REJECTED
    assert heading(customer, asked.path(Purpose.YES)) == "There is nothing to confirm"


def test_the_link_of_the_first_asking_says_that_a_newer_mail_decides(
    asked_again: Asked, app: Flask, customer: Browser
) -> None:
    claim = asked_again.claim
    old = asked_again.session.get_one(type(asked_again.invitation), asked_again.invitation.id - 1)
    first = Asked(asked_again.session, claim, old, app.extensions["signers"])

    assert "Only the link in that mail decides now." in words(customer, first.path())
    assert buttons(customer, first.path()) == []
    assert buttons(customer, first.path(Purpose.UNDO)) == []


def test_nothing_is_to_be_confirmed_in_a_round_that_needs_no_yes(asked: Asked, customer: Browser) -> None:
    before = asked.rows()

    assert heading(customer, asked.path(Purpose.YES)) == "There is nothing to confirm"
    customer.post(asked.path(Purpose.YES), data=CONFIRM)
    customer.post(asked.path(), data=PRESS_YES)
    assert asked.rows() == before
