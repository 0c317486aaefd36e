"""Mails of which nobody knows whether the server took them: each goes once more, the same, and no third time."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from cpor_web.clock import CLOCKS_APART
from cpor_web.emails import outbox
from cpor_web.emails.marking import LEASE
from cpor_web.emails.outbox import LONGEST_DELAY
from cpor_web.emails.outcomes import Accepted, Outcome, Transient, Unavailable, Unknown
from cpor_web.models import Mail, MailState
from tests.support.beginning import begin
from tests.support.one_mail import HOST, LATER, NOW, identity, put, sent_off


def killed_while_sending(session: Session, mail: Mail, *, now: datetime) -> None:
    """The worker dies after it began; another one finds the lease run out."""
    _begun(session, mail, now=now)
    found = now + LEASE + CLOCKS_APART + timedelta(seconds=1)
    assert outbox.abandoned(session, now=found, most=9) == [mail.id]
    assert outbox.take_back(session, mail.id, now=found) is mail
    session.flush()


def no_answer(session: Session, mail: Mail, *, now: datetime) -> None:
    _begun(session, mail, now=now)
    outbox.settle(session, mail.id, Unknown("connection lost"), now=now)
    session.flush()


def _begun(session: Session, mail: Mail, *, now: datetime) -> None:
    outbox.lease(session, now=now, most=1)
    begin(session, mail.id, now=now, host=HOST)
    session.flush()


def test_what_a_worker_may_still_be_sending_is_neither_abandoned_nor_leased(db_session: Session) -> None:
    mail = put(db_session)
    _begun(db_session, mail, now=NOW)

    assert outbox.abandoned(db_session, now=NOW + LEASE, most=9) == []
    assert outbox.take_back(db_session, mail.id, now=NOW + LEASE) is None
    assert outbox.lease(db_session, now=NOW + 3 * LEASE, most=9) == []
    assert mail.state is MailState.SENDING


@pytest.mark.parametrize(("sender_off", "other_off"), [(0, 5), (-5, 0)])
def test_a_worker_whose_clock_is_five_minutes_off_costs_nobody_a_second_copy(
    db_session: Session, sender_off: int, other_off: int
) -> None:
    mail, answered = put(db_session), NOW + timedelta(minutes=4)
    begin(db_session, mail.id, now=NOW + timedelta(minutes=sender_off), host=HOST)
    db_session.flush()

    seen = answered + timedelta(minutes=other_off)
    assert outbox.abandoned(db_session, now=seen, most=9) == []
    assert outbox.take_back(db_session, mail.id, now=seen) is None
    outbox.settle(db_session, mail.id, Accepted("250 ok"), now=answered)
    assert (mail.state, mail.repeats) == (MailState.SENT, 0)


def test_of_two_workers_who_find_the_same_abandoned_mail_one_takes_it_back(
    engine: Engine, committed: Session
) -> None:
    mail = put(committed)
    _begun(committed, mail, now=NOW)
    committed.commit()
    later = NOW + 3 * LEASE

    with Session(engine) as first, Session(engine) as second:
        assert outbox.abandoned(first, now=later, most=9) == outbox.abandoned(second, now=later, most=9) == [mail.id]
        assert outbox.take_back(first, mail.id, now=later) is not None
        first.commit()
        outbox.lease(first, now=later, most=1)
        begin(first, mail.id, now=later, host=HOST)
        first.commit()
        assert outbox.take_back(second, mail.id, now=later) is None, "it is being sent again already"


@pytest.mark.parametrize("in_doubt", [killed_while_sending, no_answer])
def test_a_mail_in_doubt_goes_once_more_and_is_the_same(db_session: Session, in_doubt: Callable[..., None]) -> None:
    mail = put(db_session)
    in_doubt(db_session, mail, now=NOW)
    first = identity(mail)
    later = NOW + LEASE + CLOCKS_APART + LATER

    assert outbox.lease(db_session, now=later, most=1) == [mail.id]
    begin(db_session, mail.id, now=later, host=HOST)
    db_session.flush()

    assert identity(mail) == first
    assert None not in first
    assert mail.repeats == 1


@pytest.mark.parametrize("in_doubt", [killed_while_sending, no_answer])
def test_a_mail_twice_in_doubt_is_not_sent_a_third_time(db_session: Session, in_doubt: Callable[..., None]) -> None:
    mail = put(db_session)
    in_doubt(db_session, mail, now=NOW)
    in_doubt(db_session, mail, now=NOW + 3 * LEASE)

    assert outbox.lease(db_session, now=NOW + 6 * LEASE, most=1) == []
    assert (mail.state, mail.due_at) == (MailState.UNKNOWN, None)


@pytest.mark.parametrize("outcome", [Transient("451 later"), Unavailable("refused", "connect")])
def test_the_repeat_of_a_mail_in_doubt_stays_the_same_however_often_it_has_to_wait(
    db_session: Session, outcome: Outcome
) -> None:
    mail = put(db_session)
    no_answer(db_session, mail, now=NOW)
    first = identity(mail)

    sent_off(db_session, mail, outcome, now=NOW + LATER)
    begin(db_session, mail.id, now=NOW + LONGEST_DELAY, host=HOST)

    assert identity(mail) == first
