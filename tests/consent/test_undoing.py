"""A denial is undone by who denied, in time; the window is then what it was, and at least a day long."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web import history
from cpor_web.claims import operations
from cpor_web.consent import answers, rounds, stops
from cpor_web.models import Mail, RoundState
from cpor_web.programme import Programme
from cpor_web.rules.exc import GuardFailed, NotAllowed
from cpor_web.rules.roles import SYSTEM
from cpor_web.rules.statuses import Status
from tests.consent.agreement import assert_agrees
from tests.consent.test_answers import LATER, SECOND, Customers
from tests.support import claims
from tests.support.claims import NOW
from tests.support.rows import changed, dump

DAY = timedelta(hours=24)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def customers(db_session: Session, programme: Programme) -> Customers:
    return Customers(db_session, programme, claims.running(db_session, programme, second=SECOND))


def undo(customers: Customers, who: Any, now: Any = LATER) -> None:
    answers.undo(customers.session, who, now=now, programme=customers.programme)


def test_an_early_undoing_restores_the_end_that_the_window_had(customers: Customers) -> None:
    round_ = customers.carla.round
    before = (round_.ends_at, round_.closes_at)
    customers.deny(customers.carla)
    undo(customers, customers.carla)
    assert (round_.state, round_.ends_at, round_.closes_at) == (RoundState.RUNNING, *before)
    assert (customers.claim.status, customers.claim.rejection) == (Status.APPROVED, None)
    assert customers.claim.rejection_comment == ""
    assert len(customers.mails("denial-undone")) == 2
    assert len(customers.mails("denial-undone-partner")) == 1
    assert_agrees(customers.session, customers.claim)


def test_a_denial_can_be_undone_until_the_end_of_the_window(customers: Customers) -> None:
    end = customers.carla.round.ends_at
    assert end is not None
    customers.deny(customers.carla)
    with pytest.raises(GuardFailed):
        undo(customers, customers.carla, end + MOMENT)
    undo(customers, customers.carla, end)
    assert customers.carla.round.ends_at == end + DAY
    assert customers.carla.round.closes_at == end + DAY + timedelta(minutes=15)


def test_a_late_denial_can_be_undone_for_a_day(customers: Customers) -> None:
    late = customers.pass_by() + timedelta(days=3)
    customers.deny(customers.carla, now=late)
    with pytest.raises(GuardFailed):
        undo(customers, customers.carla, late + DAY + MOMENT)
    undo(customers, customers.carla, late + DAY)
    assert customers.carla.round.ends_at == late + DAY + DAY
    assert_agrees(customers.session, customers.claim)


def test_only_who_denied_can_undo(customers: Customers) -> None:
    customers.deny(customers.carla)
    before = dump(customers.session)
    with pytest.raises(NotAllowed):
        undo(customers, customers.dora)
    assert changed(before, dump(customers.session)) == []


def test_there_is_nothing_to_undo_without_a_denial_or_twice(customers: Customers) -> None:
    with pytest.raises(NotAllowed):
        undo(customers, customers.carla)
    customers.deny(customers.carla)
    undo(customers, customers.carla)
    before = dump(customers.session)
    with pytest.raises(NotAllowed):
        undo(customers, customers.carla)
    assert changed(before, dump(customers.session)) == []


def test_what_was_undone_can_be_denied_again_and_passes_otherwise(customers: Customers) -> None:
    for _ in range(2):
        customers.deny(customers.carla)
        undo(customers, customers.carla)
    customers.deny(customers.dora)
    undo(customers, customers.dora)
    customers.pass_by()
    assert customers.claim.status is Status.APPROVED
    assert_agrees(customers.session, customers.claim)


def test_undoing_ends_a_dispute_which_does_not_count_as_used(customers: Customers) -> None:
    claim = customers.claim
    customers.deny(customers.carla)
    about: dict[str, Any] = {"actor": claim.filed_by.actor, "now": LATER, "programme": customers.programme}
    operations.dispute(customers.session, claim, "A misunderstanding.", **about)
    undo(customers, customers.carla)
    assert (claim.status, claim.is_disputed, claim.dispute_used) == (Status.APPROVED, False, False)
    assert (claim.due_at, claim.held_since) == (None, None)


def test_an_old_denial_is_not_undone_over_a_newer_round(customers: Customers) -> None:
    customers.deny(customers.carla)
    again = customers.dispute_and_approve()
    again.deny(again.dora)
    before = dump(customers.session)
    with pytest.raises(NotAllowed):
        undo(customers, customers.carla)
    assert changed(before, dump(customers.session)) == []


def test_silence_in_a_newer_round_is_not_undone_with_an_older_link(customers: Customers) -> None:
    much_later = NOW + timedelta(days=6)
    customers.deny(customers.carla, now=much_later)
    again = customers.dispute_and_approve(now=NOW)
    again.pass_by()
    with pytest.raises(NotAllowed):
        undo(customers, customers.carla, much_later)


def test_a_window_that_waited_for_a_notice_waits_for_it_again(db_session: Session, programme: Programme) -> None:
    customers = Customers(db_session, programme, claims.approved(db_session, programme, second=SECOND))
    claims.take_notice(db_session, programme, customers.carla)
    customers.deny(customers.carla)
    undo(customers, customers.carla)
    round_ = customers.carla.round
    assert (round_.state, round_.ends_at) == (RoundState.WAITING, None)
    claims.take_notice(db_session, programme, customers.dora, now=LATER)
    assert round_.state is RoundState.RUNNING
    assert round_.ends_at is not None
    assert round_.ends_at >= LATER + timedelta(days=7)


def test_a_notice_taken_during_the_denial_gets_its_seven_full_days(db_session: Session, programme: Programme) -> None:
    customers = Customers(db_session, programme, claims.approved(db_session, programme, second=SECOND))
    claims.take_notice(db_session, programme, customers.carla)
    customers.deny(customers.carla)
    claims.take_notice(db_session, programme, customers.dora, now=LATER)
    undo(customers, customers.carla)
    round_ = customers.carla.round
    assert round_.state is RoundState.RUNNING
    assert round_.ends_at is not None
    assert round_.ends_at >= LATER + timedelta(days=7)


@pytest.mark.parametrize("is_wrong_person", [True, False])
def test_a_window_that_lacked_a_right_contact_is_stopped_again(customers: Customers, is_wrong_person: bool) -> None:
    if is_wrong_person:
        answers.not_the_right_person(customers.session, customers.dora, now=NOW, programme=customers.programme)
        customers.deny(customers.carla)
    else:
        customers.deny(customers.carla)
        notice = customers.session.scalars(select(Mail).where(Mail.invitation_id == customers.dora.id)).first()
        assert notice is not None
        stops.notice_failed(customers.session, notice, now=NOW, programme=customers.programme)
    asked = len(customers.mails("contact-needed"))
    undo(customers, customers.carla)
    round_ = customers.carla.round
    assert round_.state is RoundState.STOPPED
    assert len(customers.mails("contact-needed")) == asked + 1
    assert {(mail.context["end"], mail.context["is_stopped"]) for mail in customers.mails("denial-undone")} == {
        (None, True)
    }
    assert not rounds.close(customers.session, round_.id, now=NOW + timedelta(days=99), programme=customers.programme)


def told(customers: Customers) -> dict[str, Any]:
    """Return what the partner is told of an undoing, of how the consent period goes on."""
    (mail,) = customers.mails("denial-undone-partner")
    names = ("end", "is_waiting", "is_stopped", "needs_contact", "needs_yes")
    return {name: mail.context[name] for name in names if mail.context[name]}


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


def test_the_partner_is_told_that_the_period_stands_still_until_a_reviewer_has_looked(customers: Customers) -> None:
    stops.stop(customers.session, customers.claim, customers.carla.round, now=LATER, why=stops.DENIED_BY_REPLACED)
    kind = answers.DENIED_BY_SUPERSEDED
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
