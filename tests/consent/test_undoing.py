"""A denial is undone by who denied, in time; the window is then what it was, and at least a day long."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import operations
from cpor_web.claims.drafts import Draft
from cpor_web.consent import answers, rounds, stops
from cpor_web.consent.standing import standing_of
from cpor_web.models import Invitation, Mail, RoundState
from cpor_web.programme import Programme
from cpor_web.rules.exc import GuardFailed, NotAllowed
from cpor_web.rules.reasons import Rejection, Withdrawal
from cpor_web.rules.statuses import Status
from tests.consent.agreement import assert_agrees
from tests.consent.test_answers import LATER, SECOND, Customers
from tests.support import claims
from tests.support.claims import NOW
from tests.support.rows import changed, dump
from tests.support.statements import within

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


def offered(customers: Customers, who: Invitation) -> bool:
    """Return whether the page of a link that undoes offers to."""
    customers.session.flush()
    found = standing_of(within(customers.session), who.link_id, now=LATER)
    return found is not None and found.can_undo_until is not None


def resubmit(customers: Customers) -> None:
    about: dict[str, Any] = {"actor": customers.claim.filed_by.actor, "now": LATER, "programme": customers.programme}
    operations.resubmit(customers.session, customers.claim, **about)


@pytest.mark.parametrize("is_resubmitted", [False, True])
def test_a_request_for_information_in_a_dispute_takes_no_undoing_away(
    customers: Customers, is_resubmitted: bool
) -> None:
    claim = customers.claim
    customers.deny(customers.carla)
    claims.dispute_and_send_back(customers.session, customers.programme, claim, now=LATER)
    if is_resubmitted:
        resubmit(customers)
    assert offered(customers, customers.carla)
    undo(customers, customers.carla)
    assert (claim.status, claim.is_disputed, claim.dispute_used) == (Status.APPROVED, False, False)
    assert (claim.due_at, claim.held_since) == (None, None)
    assert_agrees(customers.session, claim)


def test_what_was_changed_since_is_not_restored_unseen(customers: Customers) -> None:
    claim, session, programme = customers.claim, customers.session, customers.programme
    customers.deny(customers.carla)
    claims.dispute_and_send_back(session, programme, claim, now=LATER)
    draft = replace(Draft.from_claim(claim), products=("intune",))
    assert operations.save(session, claim, draft, actor=claim.filed_by.actor, now=LATER, programme=programme)
    resubmit(customers)
    assert not offered(customers, customers.carla)
    before = dump(session)
    with pytest.raises(GuardFailed, match="has changed the claim"):
        undo(customers, customers.carla)
    assert changed(before, dump(session)) == []


def test_after_another_denial_what_was_changed_before_it_is_seen(customers: Customers) -> None:
    claim, session, programme = customers.claim, customers.session, customers.programme
    customers.deny(customers.carla)
    reviewer = claims.dispute_and_send_back(session, programme, claim, now=LATER)
    about: dict[str, Any] = {"now": LATER, "programme": programme}
    draft = replace(Draft.from_claim(claim), products=("intune",))
    operations.save(session, claim, draft, actor=claim.filed_by.actor, **about)
    resubmit(customers)
    operations.start_review(session, claim, actor=reviewer, **about)
    operations.approve(session, claim, actor=reviewer, **about)
    again = Customers(session, programme, claim)
    claims.take_notice(session, programme, again.carla, now=LATER)
    again.deny(again.carla)
    assert (offered(again, again.carla), offered(customers, customers.carla)) == (True, False)
    undo(again, again.carla)


@pytest.mark.parametrize("way", ["rejected", "withdrawn", "approved"])
def test_once_the_dispute_is_decided_no_undoing_is_offered(customers: Customers, way: str) -> None:
    claim, about = customers.claim, {"now": LATER, "programme": customers.programme}
    customers.deny(customers.carla)
    assert (offered(customers, customers.carla), offered(customers, customers.dora)) == (True, False)
    reviewer = claims.dispute(customers.session, customers.programme, claim, now=LATER)
    assert offered(customers, customers.carla)
    if way == "rejected":
        operations.reject(customers.session, claim, Rejection.PROOF_UNAVAILABLE, "No.", actor=reviewer, **about)
    elif way == "withdrawn":
        operations.withdraw(customers.session, claim, Withdrawal.CUSTOMER_LEFT, actor=claim.filed_by.actor, **about)
    else:
        operations.approve(customers.session, claim, actor=reviewer, **about)
    assert not offered(customers, customers.carla)
    with pytest.raises((NotAllowed, GuardFailed)):
        undo(customers, customers.carla)


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
