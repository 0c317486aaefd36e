"""A notice that waits to be sent while the other contact denies: nobody is asked about what is over."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import bouncing, posting
from cpor_web.consent import answers
from cpor_web.emails.outcomes import Accepted, Transient
from cpor_web.models import Invitation, Mail, MailState, RoundState
from cpor_web.programme import Programme
from tests.consent.test_answers import LATER, SECOND, Customers
from tests.support import claims

MUCH_LATER = LATER + timedelta(hours=3)


@pytest.fixture
def customers(db_session: Session, programme: Programme) -> Customers:
    """Two contacts, of whom the second one's notice waits."""
    customers = Customers(db_session, programme, claims.approved(db_session, programme, second=SECOND))
    claims.take_notice(db_session, programme, customers.carla)
    return customers


def notices(customers: Customers, who: Invitation) -> list[Mail]:
    asked = select(Mail).where(Mail.invitation_id == who.id, Mail.kind == "consent-notice").order_by(Mail.id)
    return list(customers.session.scalars(asked))


def begin(customers: Customers, mail: Mail) -> Mail | None:
    return posting.begin(customers.session, mail.id, now=LATER, programme=customers.programme)


def undo(customers: Customers) -> None:
    answers.undo(customers.session, customers.carla, now=LATER, programme=customers.programme)


def test_a_notice_that_waits_is_not_sent_after_a_denial(customers: Customers) -> None:
    customers.deny(customers.carla)
    (notice,) = notices(customers, customers.dora)
    assert begin(customers, notice) is None
    assert (notice.state, notice.message_id, notice.due_at) == (MailState.REFUSED, None, None)
    assert customers.dora.bounced_at is None
    assert [mail.to_name for mail in customers.mails("denial-recorded")] == ["Carla Conti", "Dora Diaz"]


def test_a_notice_that_was_refused_for_now_is_not_sent_after_a_denial(customers: Customers) -> None:
    (notice,) = notices(customers, customers.dora)
    assert begin(customers, notice) is not None
    customers.deny(customers.carla)
    outcome = Transient("451 Greylisted")
    posting.settle(customers.session, notice.id, outcome, now=LATER, programme=customers.programme)
    assert notice.state is MailState.DEFERRED
    assert begin(customers, notice) is None


@pytest.mark.parametrize("is_denied_first", [False, True])
def test_a_notice_in_doubt_ends_as_in_doubt_once_it_is_denied(customers: Customers, is_denied_first: bool) -> None:
    (notice,) = notices(customers, customers.dora)
    assert begin(customers, notice) is not None
    if is_denied_first:
        customers.deny(customers.carla)
    about: dict[str, Any] = {"now": MUCH_LATER, "programme": customers.programme}
    posting.take_back(customers.session, notice.id, **about)
    assert (notice.state, notice.repeats) == (MailState.DEFERRED, 1)
    if not is_denied_first:
        customers.deny(customers.carla)
    assert posting.begin(customers.session, notice.id, **about) is None
    assert (notice.state, notice.due_at, notice.ended_at) == (MailState.UNKNOWN, None, MUCH_LATER)
    assert bouncing.bounced(customers.session, notice.id, "550 5.1.1 Nobody", **about), "it may have been out"


def test_once_asked_again_only_the_new_question_goes_out(customers: Customers) -> None:
    customers.deny(customers.carla)
    again = Customers.dispute_and_approve(customers)
    (notice,) = notices(customers, customers.dora)
    assert begin(customers, notice) is None
    assert [mail.state for mail in customers.mails("confirmation-request")] == [MailState.SENT] * 2
    assert again.carla.round.state is RoundState.RUNNING


def test_a_window_that_waited_for_a_notice_waits_for_it_again(customers: Customers) -> None:
    customers.deny(customers.carla)
    undo(customers)
    round_ = customers.carla.round
    assert (round_.state, round_.ends_at) == (RoundState.WAITING, None)
    claims.take_notice(customers.session, customers.programme, customers.dora, now=LATER)
    assert len(notices(customers, customers.dora)) == 1
    _runs_for_seven_full_days(customers)


def test_who_was_not_asked_as_it_was_over_is_asked_once_the_denial_is_undone(customers: Customers) -> None:
    customers.deny(customers.carla)
    begin(customers, notices(customers, customers.dora)[0])
    undo(customers)
    assert customers.carla.round.state is RoundState.WAITING
    (before, again) = notices(customers, customers.dora)
    begin(customers, again)
    posting.settle(customers.session, again.id, Accepted("250 Ok"), now=LATER, programme=customers.programme)
    assert (before.state, again.state) == (MailState.REFUSED, MailState.SENT)
    assert len(notices(customers, customers.carla)) == 1
    _runs_for_seven_full_days(customers)


def test_a_notice_taken_during_the_denial_gets_its_seven_full_days(customers: Customers) -> None:
    (notice,) = notices(customers, customers.dora)
    begin(customers, notice)
    customers.deny(customers.carla)
    taken = Accepted("250 Ok")
    posting.settle(customers.session, notice.id, taken, now=LATER, programme=customers.programme)
    undo(customers)
    _runs_for_seven_full_days(customers)


def _runs_for_seven_full_days(customers: Customers) -> None:
    round_ = customers.carla.round
    assert round_.state is RoundState.RUNNING
    assert round_.ends_at is not None
    assert round_.ends_at >= LATER + timedelta(days=7)
