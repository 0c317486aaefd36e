"""Whoever said not to be the right person is asked once more, before silence counts again."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import bouncing, contacts, posting, talking, way
from cpor_web.claims.next_steps import next_step
from cpor_web.consent import answers, rounds, stops
from cpor_web.consent.answers import Outcome
from cpor_web.emails import outbox
from cpor_web.emails.condition import count_for_a_person
from cpor_web.emails.outcomes import Accepted, Permanent
from cpor_web.models import Claim, Event, Invitation, Mail, RoundState
from cpor_web.privacy import erasing
from cpor_web.programme import Programme
from cpor_web.rules.exc import GuardFailed, NotAllowed
from cpor_web.rules.roles import Actor, Role
from tests.support import claims, factories
from tests.support.claims import NOW, ContactDraft

LATER = NOW + timedelta(days=10)
"""After the end that the first notice printed."""

EIGHT_DAYS = datetime(2026, 12, 4, 22, 59, 59, tzinfo=UTC)
"""The end of the eighth day after LATER, in Berlin."""

OTHER = ContactDraft(name="Dora Diaz", email="dora@contoso.example.com")


@pytest.fixture
def invitation(db_session: Session, programme: Programme) -> Invitation:
    """The invitation of somebody who said not to be the right person."""
    return wrong(db_session, programme, claims.running(db_session, programme))


@pytest.fixture
def claim(invitation: Invitation) -> Claim:
    return invitation.round.claim


@pytest.fixture
def reviewer(db_session: Session) -> Actor:
    return factories.user(db_session, Role.REVIEWER).actor


def wrong(session: Session, programme: Programme, claim: Claim, now: datetime = NOW) -> Invitation:
    """Let the first contact say that they are not the right person."""
    (first, *_) = claims.invitations_of(session, claim)
    said = answers.not_the_right_person(session, first, now=now, programme=programme)
    assert said is Outcome.RECORDED
    return first


def go_on(session: Session, programme: Programme, claim: Claim, reviewer: Actor, now: datetime = LATER) -> None:
    contacts.let_go_on(session, claim, "She is the one.", actor=reviewer, now=now, programme=programme)
    session.flush()
    session.expire_all()


def test_silence_counts_for_the_full_time_after_the_notice_was_delivered_once_more(
    db_session: Session, programme: Programme, claim: Claim, invitation: Invitation, reviewer: Actor
) -> None:
    first = claims.mail_of(db_session, claim, "consent-notice")
    go_on(db_session, programme, claim, reviewer)
    round_ = invitation.round
    assert round_.state is RoundState.WAITING, "it runs, and whoever was told to do nothing more knows nothing of it"
    assert not rounds.close(db_session, round_.id, now=NOW + timedelta(days=99), programme=programme)
    again = claims.mail_of(db_session, claim, "consent-notice")
    assert again.again_of_id == first.id, "a notice that is repeated says which date counts"

    claims.take_notice(db_session, programme, invitation, now=LATER + timedelta(days=1))
    assert (round_.state, round_.ends_at) == (RoundState.RUNNING, EIGHT_DAYS)
    assert next_step(claim, round_, now=LATER).step is way.ASKED
    assert not round_.is_astray


def test_who_is_asked_once_more_can_say_again_that_they_are_the_wrong_person(
    db_session: Session, programme: Programme, claim: Claim, invitation: Invitation, reviewer: Actor
) -> None:
    go_on(db_session, programme, claim, reviewer)
    claims.take_notice(db_session, programme, invitation, now=LATER)
    wrong(db_session, programme, claim, LATER + timedelta(hours=1))
    db_session.expire_all()
    assert invitation.round.state is RoundState.STOPPED
    assert stops.needs_contact(db_session, claim, invitation.round)
    asking = select(Mail).where(Mail.claim_id == claim.id, Mail.kind == "contact-needed")
    assert len(db_session.scalars(asking).all()) == 2, "one for each time that a right contact was missing"


def test_only_who_said_so_is_asked_once_more(db_session: Session, programme: Programme, reviewer: Actor) -> None:
    claim = claims.running(db_session, programme, second=OTHER)
    first, other = claims.invitations_of(db_session, claim)
    wrong(db_session, programme, claim)
    go_on(db_session, programme, claim, reviewer)
    waiting = db_session.scalars(select(Mail.invitation_id).where(Mail.again_of_id.is_not(None))).all()
    assert waiting == [first.id]
    assert (first.taken_at, other.taken_at) == (None, NOW)


def test_the_partner_who_was_asked_for_another_contact_is_told_that_none_is_needed(
    db_session: Session, programme: Programme, claim: Claim, reviewer: Actor
) -> None:
    go_on(db_session, programme, claim, reviewer)
    told = claims.mail_of(db_session, claim, "consent-period-goes-on")
    assert told.to_address == claim.partner_contact_email
    assert (told.context["asked_again"], told.context["is_waiting"]) == (["Carla Conti"], True)
    (event,) = db_session.scalars(select(Event).where(Event.kind == "consent:resumed"))
    assert event.data["asked_again"] == "Carla Conti"


def test_where_nobody_is_to_be_asked_once_more_the_period_runs_at_once(
    db_session: Session, programme: Programme, reviewer: Actor
) -> None:
    claim = claims.running(db_session, programme)
    (invitation,) = claims.invitations_of(db_session, claim)
    stops.stop(db_session, claim, invitation.round, now=NOW, why=stops.DENIED_BY_REPLACED)
    go_on(db_session, programme, claim, reviewer)
    assert (invitation.round.state, invitation.round.ends_at) == (RoundState.RUNNING, EIGHT_DAYS - timedelta(days=1))
    told = claims.mail_of(db_session, claim, "consent-period-goes-on")
    assert (told.context["asked_again"], told.context["is_waiting"]) == ([], False)
    assert told.context["end"] is not None


def test_the_yes_of_who_said_to_be_the_wrong_person_counts_once_they_are_asked_again(
    db_session: Session, programme: Programme, invitation: Invitation, claim: Claim, reviewer: Actor
) -> None:
    invitation.round.needs_yes = True
    answers.confirm_yes(db_session, invitation, now=NOW, programme=programme)
    assert invitation.round.yes_at == NOW
    go_on(db_session, programme, claim, reviewer)
    assert invitation.round.yes_at is None
    answers.confirm_yes(db_session, invitation, now=LATER + timedelta(hours=1), programme=programme)
    assert invitation.round.yes_at is not None


def test_who_was_erased_cannot_be_asked_once_more(
    db_session: Session, programme: Programme, claim: Claim, reviewer: Actor
) -> None:
    erasing.of_contact(claim.contacts[0])
    with pytest.raises(GuardFailed):
        go_on(db_session, programme, claim, reviewer)


def test_who_said_so_and_whose_notice_came_back_since_is_asked_once_more_by_the_next_one(
    db_session: Session, programme: Programme, claim: Claim, invitation: Invitation, reviewer: Actor
) -> None:
    notice = claims.mail_of(db_session, claim, "consent-notice")
    assert bouncing.bounced(db_session, notice.id, "5.2.2 Full", now=NOW, programme=programme)
    go_on(db_session, programme, claim, reviewer)
    assert (invitation.round.state, invitation.round.astray) == (RoundState.WAITING, [])
    again = claims.take_notice(db_session, programme, invitation, now=LATER)
    assert invitation.round.state is RoundState.RUNNING
    assert bouncing.bounced(db_session, again.id, "5.2.2 Full", now=LATER, programme=programme)
    with pytest.raises(GuardFailed, match="was not delivered"):
        go_on(db_session, programme, claim, reviewer)


def test_a_period_does_not_go_on_while_anothers_notice_has_not_reached_them(
    db_session: Session, programme: Programme, reviewer: Actor
) -> None:
    claim = claims.running(db_session, programme, second=OTHER)
    wrong(db_session, programme, claim)
    notice = claims.mail_of(db_session, claim, "consent-notice")
    assert notice.to_address == OTHER.email
    assert bouncing.bounced(db_session, notice.id, "5.2.2 Full", now=NOW, programme=programme)
    with pytest.raises(GuardFailed, match="was not delivered"):
        go_on(db_session, programme, claim, reviewer)


def test_no_notice_is_sent_again_to_who_was_promised_that_none_follows(
    db_session: Session, programme: Programme, claim: Claim, invitation: Invitation, reviewer: Actor
) -> None:
    notice = claims.mail_of(db_session, claim, "consent-notice")
    with pytest.raises(NotAllowed, match="not the right person"):
        talking.send_again(db_session, notice, actor=reviewer, now=NOW)
    go_on(db_session, programme, claim, reviewer)
    claims.take_notice(db_session, programme, invitation, now=LATER)
    again = claims.mail_of(db_session, claim, "consent-notice")
    talking.send_again(db_session, again, actor=reviewer, now=LATER)


def test_what_comes_back_of_the_notice_before_stops_nothing_that_waits_for_the_next_one(
    db_session: Session, programme: Programme, claim: Claim, invitation: Invitation, reviewer: Actor
) -> None:
    before = claims.mail_of(db_session, claim, "consent-notice")
    late = outbox.put_again(db_session, before, now=NOW)
    go_on(db_session, programme, claim, reviewer)
    assert bouncing.bounced(db_session, before.id, "5.2.2 Full", now=LATER, programme=programme)
    posting.begin(db_session, late.id, now=LATER, programme=programme)
    posting.settle(db_session, late.id, Permanent("550 Nobody"), now=LATER, programme=programme)
    assert (invitation.round.state, invitation.bounced_at) == (RoundState.WAITING, None)

    claims.take_notice(db_session, programme, invitation, now=LATER)
    assert invitation.round.state is RoundState.RUNNING


def test_a_late_copy_of_the_notice_before_with_which_the_period_began_stops_it_when_it_comes_back(
    db_session: Session, programme: Programme, claim: Claim, invitation: Invitation, reviewer: Actor
) -> None:
    late = outbox.put_again(db_session, claims.mail_of(db_session, claim, "consent-notice"), now=NOW)
    go_on(db_session, programme, claim, reviewer)
    posting.begin(db_session, late.id, now=LATER, programme=programme)
    posting.settle(db_session, late.id, Accepted("250 Ok"), now=LATER, programme=programme)
    assert invitation.round.state is RoundState.RUNNING
    assert bouncing.bounced(db_session, late.id, "5.2.2 Full", now=LATER, programme=programme)
    assert invitation.round.state is RoundState.STOPPED


def test_who_asks_once_more_has_dealt_with_the_notice_that_came_back(
    db_session: Session, programme: Programme, claim: Claim, invitation: Invitation, reviewer: Actor
) -> None:
    notice = claims.mail_of(db_session, claim, "consent-notice")
    assert bouncing.bounced(db_session, notice.id, "5.2.2 Full", now=NOW, programme=programme)
    assert count_for_a_person(db_session) == 1
    go_on(db_session, programme, claim, reviewer)
    assert count_for_a_person(db_session) == 0
    assert (notice.dealt_with_at, notice.dealt_with_by_id) == (LATER, reviewer.user_id)
