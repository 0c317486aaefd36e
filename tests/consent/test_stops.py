"""A stopped window: the partner's own clock, the right contact, and a full new window."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import contacts, lapsing
from cpor_web.consent import answers, rounds, stops
from cpor_web.consent.answers import Outcome
from cpor_web.models import Claim, Event, Invitation, Mail, RoundState, User
from cpor_web.programme import Programme
from cpor_web.rules.exc import GuardFailed, NotAllowed, Stale
from cpor_web.rules.reasons import Denial, Rejection, Way
from cpor_web.rules.roles import Actor, Role
from cpor_web.rules.statuses import Status
from tests.consent.agreement import assert_agrees
from tests.support import claims, factories
from tests.support.claims import NOW, ContactDraft

LATER = NOW + timedelta(days=1)
FIVE_BUSINESS_DAYS = datetime(2026, 11, 24, 22, 59, 59, tzinfo=UTC)
"""The end of the fifth business day after LATER's, in Berlin."""

RIGHT = ContactDraft(name="Dora Diaz", email="dora@contoso.example.com", language="de")


@pytest.fixture
def invitation(db_session: Session, programme: Programme) -> Invitation:
    """The invitation of somebody who said not to be the right person."""
    claim = claims.running(db_session, programme)
    (made,) = claims.invitations_of(db_session, claim)
    answers.not_the_right_person(db_session, made, now=NOW, programme=programme)
    return made


@pytest.fixture
def claim(invitation: Invitation) -> Claim:
    return invitation.round.claim


@pytest.fixture
def reviewer(db_session: Session) -> Actor:
    return factories.user(db_session, Role.REVIEWER).actor


def tell(session: Session, programme: Programme, claim: Claim, at: datetime) -> None:
    mail = claims.mail_of(session, claim, "contact-needed")
    stops.contact_asked(session, mail, now=at, programme=programme)


def propose(session: Session, programme: Programme, claim: Claim) -> None:
    (wrong,) = claim.contacts
    contacts.propose_contact(
        session, claim, RIGHT, instead_of=wrong.id, actor=_filer(claim).actor, now=LATER, programme=programme
    )


def correct(session: Session, programme: Programme, claim: Claim, reviewer: Actor) -> Invitation:
    propose(session, programme, claim)
    contacts.correct_contact(session, claim, actor=reviewer, now=LATER, programme=programme)
    return claims.invitations_of(session, claim)[-1]


def _filer(claim: Claim) -> User:
    return claim.filed_by


def test_the_partners_time_starts_when_the_mail_that_asks_was_taken(
    db_session: Session, programme: Programme, claim: Claim, invitation: Invitation
) -> None:
    assert invitation.round.contact_due_at is None
    tell(db_session, programme, claim, LATER)
    assert invitation.round.contact_due_at == FIVE_BUSINESS_DAYS
    tell(db_session, programme, claim, LATER + timedelta(days=3))
    assert invitation.round.contact_due_at == FIVE_BUSINESS_DAYS


def test_without_a_right_contact_in_time_the_claim_lapses_after_the_whole_last_second(
    db_session: Session, programme: Programme, claim: Claim, invitation: Invitation
) -> None:
    tell(db_session, programme, claim, LATER)
    round_, over = invitation.round, FIVE_BUSINESS_DAYS + timedelta(seconds=1)
    early = over - timedelta(microseconds=1)
    db_session.flush()
    assert list(lapsing.contacts_due(db_session, now=early, most=9)) == []
    assert not lapsing.lapse_contact(db_session, round_.id, now=early, programme=programme)
    assert list(lapsing.contacts_due(db_session, now=over, most=9)) == [round_.id]
    assert lapsing.lapse_contact(db_session, round_.id, now=over, programme=programme)
    assert (claim.status, claim.rejection) == (Status.REJECTED, Rejection.NO_PARTNER_RESPONSE)
    assert round_.state is RoundState.ENDED
    assert_agrees(db_session, claim)
    assert not lapsing.lapse_contact(db_session, round_.id, now=over, programme=programme)


@pytest.mark.parametrize("is_told_first", [True, False])
def test_a_proposal_stops_the_partners_time_also_where_it_is_quicker_than_our_mail(
    db_session: Session, programme: Programme, claim: Claim, invitation: Invitation, is_told_first: bool
) -> None:
    if is_told_first:
        tell(db_session, programme, claim, LATER)
    propose(db_session, programme, claim)
    tell(db_session, programme, claim, LATER)
    assert invitation.round.contact_due_at is None


def test_a_right_contact_gets_a_new_notice_and_a_full_new_window(
    db_session: Session, programme: Programme, claim: Claim, invitation: Invitation, reviewer: Actor
) -> None:
    new = correct(db_session, programme, claim, reviewer)
    assert [each.email for each in claim.contacts] == [RIGHT.email]
    assert (invitation.superseded_at, new.superseded_at) == (LATER, None)
    assert new.round.state is RoundState.WAITING
    claims.take_notice(db_session, programme, new, now=NOW + timedelta(days=10))
    assert new.round.state is RoundState.RUNNING
    assert new.round.ends_at == datetime(2026, 12, 3, 22, 59, 59, tzinfo=UTC)


def test_a_denial_through_a_replaced_link_decides_nothing_but_stops_the_clock_and_tells_a_reviewer(
    db_session: Session, programme: Programme, claim: Claim, invitation: Invitation, reviewer: Actor
) -> None:
    new = correct(db_session, programme, claim, reviewer)
    claims.take_notice(db_session, programme, new, now=LATER)
    said = answers.deny(db_session, invitation, reason=Denial.OTHER, way=Way.PAGE, now=LATER, programme=programme)
    assert said is Outcome.SUPERSEDED
    assert (claim.status, new.round.state) == (Status.APPROVED, RoundState.STOPPED)
    db_session.flush()
    told = db_session.scalars(select(Mail).where(Mail.kind == "denial-by-replaced")).all()
    assert [mail.claim_id for mail in told] == [claim.id]
    events, at = db_session.scalars(select(Event.id)).all(), LATER + timedelta(hours=1)
    assert (
        answers.deny(db_session, invitation, reason=Denial.OTHER, way=Way.PAGE, now=at, programme=programme)
        is Outcome.SUPERSEDED
    )
    assert db_session.scalars(select(Event.id)).all() == events, "twice is the same as once"
    contacts.let_go_on(db_session, claim, "He has left.", actor=reviewer, now=at, programme=programme)
    said = answers.deny(db_session, invitation, reason=Denial.OTHER, way=Way.PAGE, now=at, programme=programme)
    assert said is Outcome.ALREADY, "nobody is told that it was noted"
    stops.stop(db_session, claim, new.round, now=at, why=stops.DENIED_BY_REPLACED)
    assert not rounds.close(db_session, new.round.id, now=NOW + timedelta(days=99), programme=programme)


@pytest.mark.parametrize("is_read", [False, True])
def test_a_replaced_contacts_denial_that_nobody_has_looked_at_outlasts_one_that_was_undone(
    db_session: Session, programme: Programme, claim: Claim, invitation: Invitation, reviewer: Actor, is_read: bool
) -> None:
    new = correct(db_session, programme, claim, reviewer)
    claims.take_notice(db_session, programme, new, now=LATER)
    how = {"now": LATER, "programme": programme}
    answers.deny(db_session, invitation, reason=Denial.OTHER, way=Way.PAGE, **how)
    if is_read:
        contacts.let_go_on(db_session, claim, "He has left.", actor=reviewer, **how)
    answers.deny(db_session, new, reason=Denial.OTHER, way=Way.PAGE, **how)
    answers.undo(db_session, new, **how)
    assert new.round.state is (RoundState.RUNNING if is_read else RoundState.STOPPED)


def test_a_notice_that_comes_back_while_a_replaced_contacts_denial_is_looked_at_asks_for_a_contact_as_well(
    db_session: Session, programme: Programme, claim: Claim, invitation: Invitation, reviewer: Actor
) -> None:
    new = correct(db_session, programme, claim, reviewer)
    claims.take_notice(db_session, programme, new, now=LATER)
    answers.deny(db_session, invitation, reason=Denial.OTHER, way=Way.PAGE, now=LATER, programme=programme)
    notice = db_session.scalars(select(Mail).where(Mail.invitation_id == new.id, Mail.kind == "consent-notice")).one()
    for _ in range(2):  # a second report changes nothing
        stops.notice_failed(db_session, notice, now=LATER + timedelta(hours=1), programme=programme)
    asking = select(Mail).where(Mail.claim_id == claim.id, Mail.kind == "contact-needed")
    assert len(db_session.scalars(asking).all()) == 2, "one for each time that a right contact was missing"
    stopped = select(Event.data).where(Event.claim_id == claim.id, Event.kind == "consent:stopped")
    whys = [data["why"] for data in db_session.scalars(stopped.order_by(Event.position))]
    assert whys == [stops.WRONG_PERSON, stops.DENIED_BY_REPLACED, stops.NOT_DELIVERED]


def test_what_was_proposed_is_not_asked_for_any_more_once_the_window_goes_on(
    db_session: Session, programme: Programme, claim: Claim, invitation: Invitation, reviewer: Actor
) -> None:
    propose(db_session, programme, claim)
    contacts.let_go_on(db_session, claim, "She is, after all.", actor=reviewer, now=LATER, programme=programme)
    db_session.flush()
    db_session.expire_all()
    assert claim.proposed_contact is None


def test_nobody_lets_the_window_go_on_over_a_proposal_that_their_page_had_not(
    db_session: Session, programme: Programme, claim: Claim, reviewer: Actor
) -> None:
    seen = claim.version
    propose(db_session, programme, claim)
    with pytest.raises(Stale):
        contacts.let_go_on(db_session, claim, "She is.", actor=reviewer, now=LATER, programme=programme, seen=seen)


def test_a_window_whose_notice_is_not_out_does_not_go_on(
    db_session: Session, programme: Programme, reviewer: Actor
) -> None:
    claim = claims.running(db_session, programme)
    notice = claims.mail_of(db_session, claim, "consent-notice")
    stops.notice_failed(db_session, notice, now=NOW, programme=programme)
    with pytest.raises(GuardFailed, match="was not delivered"):
        contacts.let_go_on(db_session, claim, "Please.", actor=reviewer, now=LATER, programme=programme)


def test_no_contact_is_corrected_after_a_denial(
    db_session: Session, programme: Programme, claim: Claim, invitation: Invitation, reviewer: Actor
) -> None:
    propose(db_session, programme, claim)
    answers.deny(db_session, invitation, reason=Denial.OTHER, way=Way.PAGE, now=LATER, programme=programme)
    with pytest.raises(NotAllowed):
        contacts.correct_contact(db_session, claim, actor=reviewer, now=LATER, programme=programme)


def test_a_contact_is_corrected_only_while_the_clock_stands_still_for_it(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.running(db_session, programme)
    with pytest.raises(NotAllowed):
        propose(db_session, programme, claim)


def test_a_window_does_not_run_while_another_notice_is_still_undelivered(
    db_session: Session, programme: Programme, reviewer: Actor
) -> None:
    both = ContactDraft(name="Emil Ek", email="emil@contoso.example.com")
    claim = claims.running(db_session, programme, second=both)
    for invited in claims.invitations_of(db_session, claim):
        notice = db_session.scalars(select(Mail).where(Mail.invitation_id == invited.id)).one()
        stops.notice_failed(db_session, notice, now=NOW, programme=programme)
    first = claim.contacts[0]
    contacts.propose_contact(
        db_session, claim, RIGHT, instead_of=first.id, actor=claim.filed_by.actor, now=LATER, programme=programme
    )
    contacts.correct_contact(db_session, claim, actor=reviewer, now=LATER, programme=programme)
    new = claims.invitations_of(db_session, claim)[-1]
    claims.take_notice(db_session, programme, new, now=LATER)
    assert new.round.state is RoundState.STOPPED
