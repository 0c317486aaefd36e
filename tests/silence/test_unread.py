"""What may lie unread in the mailbox: nothing that a mail could stop closes over it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from cpor_web.claims import lapsing
from cpor_web.clock import CLOCKS_APART
from cpor_web.consent import answers, rounds
from cpor_web.models import RoundState
from cpor_web.programme import Programme
from cpor_web.rules.statuses import Status
from cpor_web.silence import unread
from tests.support import claims
from tests.support.claims import NOW, invitations_of

SECOND = timedelta(seconds=1)
LATE = NOW + timedelta(days=30)


@pytest.fixture
def programme(programme: Programme) -> Programme:
    """A house that reads a mailbox."""
    return replace(programme, has_mailbox=True)


def test_of_two_looks_the_later_beginning_counts(db_session: Session) -> None:
    for at in (NOW, NOW + SECOND, NOW - SECOND):
        unread.note_emptied(db_session, begun_at=at)
    assert unread.emptied_at(db_session) == NOW + SECOND


def test_what_was_read_by_a_clock_that_was_ahead_says_nothing_until_the_next_look(
    db_session: Session, programme: Programme
) -> None:
    unread.note_emptied(db_session, begun_at=NOW + CLOCKS_APART)
    assert unread.read_until(db_session, now=NOW, programme=programme) == NOW
    unread.note_emptied(db_session, begun_at=NOW + CLOCKS_APART + SECOND)
    assert unread.read_until(db_session, now=NOW, programme=programme) is None
    assert not unread.has_passed(db_session, NOW - SECOND, now=NOW, programme=programme)
    unread.note_emptied(db_session, begun_at=NOW)
    assert unread.emptied_at(db_session) == NOW
    assert unread.read_until(db_session, now=NOW, programme=programme) == NOW


@pytest.mark.parametrize(("ahead", "is_kept"), [(CLOCKS_APART, True), (CLOCKS_APART + SECOND, False)])
def test_what_was_read_by_a_clock_that_was_ahead_is_forgotten_before_it_could_count(
    db_session: Session, programme: Programme, ahead: timedelta, is_kept: bool
) -> None:
    unread.note_emptied(db_session, begun_at=NOW + ahead)
    unread.forget_what_is_ahead(db_session, now=NOW)
    assert (unread.read_until(db_session, now=LATE, programme=programme) is not None) is is_kept


def test_without_a_mailbox_nothing_waits_for_one(db_session: Session, programme: Programme) -> None:
    assert unread.read_until(db_session, now=NOW, programme=replace(programme, has_mailbox=False)) == NOW


def test_what_is_due_waits_until_all_that_came_before_was_read(db_session: Session, programme: Programme) -> None:
    assert unread.read_until(db_session, now=NOW, programme=programme) is None
    unread.note_emptied(db_session, begun_at=NOW)
    assert unread.read_until(db_session, now=LATE, programme=programme) == NOW
    assert unread.has_passed(db_session, NOW, now=LATE, programme=programme)
    assert not unread.has_passed(db_session, NOW + SECOND, now=LATE, programme=programme)
    assert not unread.has_passed(db_session, NOW, now=NOW - SECOND, programme=programme)


def test_no_window_closes_before_the_mailbox_was_read_up_to_its_closing(
    db_session: Session, programme: Programme
) -> None:
    (invitation,) = invitations_of(db_session, claims.running(db_session, programme))
    round_ = invitation.round
    assert round_.closes_at is not None
    for read_until, closes in ((None, False), (round_.closes_at - SECOND, False), (round_.closes_at, True)):
        if read_until is not None:
            unread.note_emptied(db_session, begun_at=read_until)
        assert rounds.close(db_session, round_.id, now=LATE, programme=programme) is closes
    assert round_.state is RoundState.PASSED


def test_no_deadline_of_a_partner_passes_before_it(db_session: Session, programme: Programme) -> None:
    claim = claims.partner_action_required(db_session, programme)
    due = claim.due_at
    assert due is not None
    for read_until, lapses in ((None, False), (due, False), (due + SECOND, True)):
        if read_until is not None:
            unread.note_emptied(db_session, begun_at=read_until)
        assert lapsing.lapse(db_session, claim.id, now=LATE, programme=programme) is lapses
    assert claim.status is Status.REJECTED


def test_no_missing_contact_lapses_before_it(db_session: Session, programme: Programme) -> None:
    (invitation,) = invitations_of(db_session, claims.running(db_session, programme))
    answers.not_the_right_person(db_session, invitation, now=NOW, programme=programme)
    round_ = invitation.round
    round_.contact_due_at, round_.contact_rule = NOW, {"period": "contact"}
    for read_until, lapses in ((None, False), (NOW, False), (NOW + SECOND, True)):
        if read_until is not None:
            unread.note_emptied(db_session, begun_at=read_until)
        assert lapsing.lapse_contact(db_session, round_.id, now=LATE, programme=programme) is lapses
