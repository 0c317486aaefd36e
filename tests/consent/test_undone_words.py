"""Partner and customer are told how the consent period goes on after a denial was undone."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from cpor_web import history
from cpor_web.claims.contacts import propose_contact
from cpor_web.consent import answers, stops
from cpor_web.programme import Programme
from cpor_web.rules.roles import SYSTEM
from tests.consent.test_answers import LATER, SECOND, Customers
from tests.support import claims

SHARED = ("end", "is_stopped", "needs_contact", "needs_yes")


@pytest.fixture
def customers(db_session: Session, programme: Programme) -> Customers:
    return Customers(db_session, programme, claims.running(db_session, programme, second=SECOND))


def undo(customers: Customers, who: Any) -> None:
    answers.undo(customers.session, who, now=LATER, programme=customers.programme)


def told(customers: Customers) -> dict[str, Any]:
    """Return what the partner is told of how the consent period goes on. The customer is told the same."""
    (mail,) = customers.mails("denial-undone-partner")
    for other in customers.mails("denial-undone"):
        assert [other.context[name] for name in SHARED] == [mail.context[name] for name in SHARED]
    return {name: mail.context[name] for name in (*SHARED, "is_waiting") if mail.context[name]}


def test_the_partner_is_told_until_when_the_customer_can_deny_again(customers: Customers) -> None:
    customers.deny(customers.carla)
    undo(customers, customers.carla)
    assert customers.carla.round.ends_at is not None
    assert told(customers) == {"end": customers.carla.round.ends_at.isoformat()}


def test_the_partner_is_told_that_the_period_still_needs_a_right_contact(customers: Customers) -> None:
    about: dict[str, Any] = {"now": LATER, "programme": customers.programme}
    answers.not_the_right_person(customers.session, customers.dora, **about)
    customers.deny(customers.carla)
    undo(customers, customers.carla)
    assert told(customers) == {"is_stopped": True, "needs_contact": True}


def test_who_has_proposed_a_right_contact_is_not_asked_for_one_again(customers: Customers) -> None:
    claim, about = customers.claim, {"now": LATER, "programme": customers.programme}
    answers.not_the_right_person(customers.session, customers.dora, **about)
    nina = claims.ContactDraft(name="Nina Neu", email="nina@contoso.example.com")
    dora = customers.dora.contact_id
    propose_contact(customers.session, claim, nina, instead_of=dora, actor=claim.filed_by.actor, **about)
    asked = len(customers.mails("contact-needed"))
    customers.deny(customers.carla)
    undo(customers, customers.carla)
    assert told(customers) == {"is_stopped": True}
    assert len(customers.mails("contact-needed")) == asked
    assert claim.has_proposal


def test_the_partner_is_told_that_the_period_stands_still_until_a_reviewer_has_looked(customers: Customers) -> None:
    stops.stop(customers.session, customers.claim, customers.carla.round, now=LATER, why=stops.DENIED_BY_REPLACED)
    kind = stops.DENIED
    history.append(customers.session, customers.claim, kind, actor=SYSTEM, now=LATER, data={"invitation": 0})
    customers.deny(customers.carla)
    undo(customers, customers.carla)
    assert told(customers) == {"is_stopped": True}


def test_the_partner_is_told_that_a_notice_is_not_out_yet(db_session: Session, programme: Programme) -> None:
    customers = Customers(db_session, programme, claims.approved(db_session, programme, second=SECOND))
    claims.take_notice(db_session, programme, customers.carla)
    customers.deny(customers.carla)
    undo(customers, customers.carla)
    assert told(customers) == {"is_waiting": True}


def test_partner_and_customer_are_told_that_a_yes_is_needed_unless_it_was_given(customers: Customers) -> None:
    customers.deny(customers.carla)
    again = customers.dispute_and_approve()
    about: dict[str, Any] = {"now": LATER, "programme": customers.programme}
    for is_needed in (True, False):
        again.deny(again.carla)
        undo(again, again.carla)
        mails = [*again.mails("denial-undone")[-2:], again.mails("denial-undone-partner")[-1]]
        assert [mail.context["needs_yes"] for mail in mails] == [is_needed] * 3
        answers.press_yes(again.session, again.dora, **about)
        answers.confirm_yes(again.session, again.dora, **about)
