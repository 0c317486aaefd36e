"""A proposed contact who will not do: a reviewer turns them down, and the partner's time runs anew."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import contacts, lapsing, partners_clock
from cpor_web.consent import answers, stops
from cpor_web.models import Claim, Event, Invitation, MailState
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid, NotAllowed, Stale
from cpor_web.rules.roles import Actor, Role
from tests.support import claims, factories
from tests.support.claims import NOW, ContactDraft

LATER = NOW + timedelta(days=1)
FIVE_BUSINESS_DAYS = datetime(2026, 11, 24, 22, 59, 59, tzinfo=UTC)
"""The end of the fifth business day after LATER's, in Berlin."""

JUNK = ContactDraft(name="Hanna", email="hanna@gmail.com", reason="She uses it.")
WHY = "A private address of somebody we cannot place. Name a person at Contoso."


@pytest.fixture
def invitation(db_session: Session, programme: Programme) -> Invitation:
    """The invitation of somebody who said not to be the right person; the partner was asked, and proposes another."""
    claim = claims.running(db_session, programme)
    (made,) = claims.invitations_of(db_session, claim)
    answers.not_the_right_person(db_session, made, now=NOW, programme=programme)
    asking = claims.mail_of(db_session, claim, "contact-needed")
    stops.contact_asked(db_session, asking, now=NOW, programme=programme)
    asking.state, asking.due_at, asking.sent_at = MailState.SENT, None, NOW
    asking.message_id = "<1@vendor.example.com>"
    propose(db_session, programme, claim)
    return made


@pytest.fixture
def claim(invitation: Invitation) -> Claim:
    return invitation.round.claim


@pytest.fixture
def reviewer(db_session: Session) -> Actor:
    return factories.user(db_session, Role.REVIEWER).actor


def propose(session: Session, programme: Programme, claim: Claim) -> None:
    about: dict[str, Any] = {"actor": claim.filed_by.actor, "now": NOW, "programme": programme}
    contacts.propose_contact(session, claim, JUNK, instead_of=claim.contacts[0].id, **about)
    session.flush()


def turn_down(
    session: Session, programme: Programme, claim: Claim, reviewer: Actor, why: str = WHY, seen: int | None = None
) -> None:
    contacts.turn_down(session, claim, why, actor=reviewer, now=LATER, programme=programme, seen=seen)
    session.flush()
    session.expire_all()


def test_the_partner_is_asked_anew_with_the_reviewers_words_and_its_whole_time(
    db_session: Session, programme: Programme, claim: Claim, invitation: Invitation, reviewer: Actor
) -> None:
    turn_down(db_session, programme, claim, reviewer)
    assert claim.proposed_contact is None
    assert stops.needs_contact(db_session, claim, invitation.round)
    assert invitation.round.contact_due_at is None, "it counts from the moment that the mail server takes our mail"
    asking = claims.mail_of(db_session, claim, "contact-needed")
    assert asking.context["turned_down"] == {"name": "Hanna", "why": WHY}
    assert [each["name"] for each in asking.context["astray"]] == ["Carla Conti"]

    stops.contact_asked(db_session, asking, now=LATER, programme=programme)
    assert invitation.round.contact_due_at == FIVE_BUSINESS_DAYS
    over = FIVE_BUSINESS_DAYS + timedelta(seconds=1)
    assert lapsing.lapse_contact(db_session, invitation.round_id, now=over, programme=programme)


def test_it_stands_in_the_history_with_the_reviewers_words(
    db_session: Session, programme: Programme, claim: Claim, reviewer: Actor
) -> None:
    turn_down(db_session, programme, claim, reviewer)
    (event,) = db_session.scalars(select(Event).where(Event.kind == "contact:turned-down"))
    assert (event.data["contact"], event.data["why"]) == ("Hanna", WHY)


def test_the_time_counts_from_what_asks_anew_and_from_nothing_that_asked_before(
    db_session: Session, programme: Programme, claim: Claim, invitation: Invitation, reviewer: Actor
) -> None:
    before = claims.mail_of(db_session, claim, "contact-needed")
    turn_down(db_session, programme, claim, reviewer)
    stops.contact_asked(db_session, before, now=LATER, programme=programme)
    assert invitation.round.contact_due_at is None, "that mail asked for what was proposed since"

    asking = claims.mail_of(db_session, claim, "contact-needed")
    stops.contact_asked(db_session, asking, now=LATER, programme=programme)
    asking.state, asking.due_at, asking.bounced_at = MailState.BOUNCED, None, LATER
    asking.message_id = "<2@vendor.example.com>"
    db_session.flush()
    partners_clock.returned(db_session, claim, asking, now=LATER, programme=programme)
    assert invitation.round.contact_due_at == FIVE_BUSINESS_DAYS, "it counts from the mail that asked before"


def test_it_needs_a_sentence(db_session: Session, programme: Programme, claim: Claim, reviewer: Actor) -> None:
    with pytest.raises(Invalid):
        turn_down(db_session, programme, claim, reviewer, " ")
    assert claim.proposed_contact is not None


def test_a_newer_proposal_than_the_page_showed_is_not_turned_down(
    db_session: Session, programme: Programme, claim: Claim, reviewer: Actor
) -> None:
    seen = claim.version
    propose(db_session, programme, claim)
    with pytest.raises(Stale):
        turn_down(db_session, programme, claim, reviewer, seen=seen)


def test_nothing_is_turned_down_where_nothing_is_proposed(
    db_session: Session, programme: Programme, claim: Claim, reviewer: Actor
) -> None:
    turn_down(db_session, programme, claim, reviewer)
    with pytest.raises(NotAllowed):
        turn_down(db_session, programme, claim, reviewer)


def test_where_nobody_needs_to_be_replaced_the_period_goes_on_instead(
    db_session: Session, programme: Programme, reviewer: Actor
) -> None:
    claim = claims.running(db_session, programme)
    (invitation,) = claims.invitations_of(db_session, claim)
    stops.stop(db_session, claim, invitation.round, now=NOW, why=stops.DENIED_BY_REPLACED)
    propose(db_session, programme, claim)
    with pytest.raises(NotAllowed, match="go on"):
        turn_down(db_session, programme, claim, reviewer)
