"""The outbox: what is queued, who may send it, and how it is begun."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from cpor_web import queue
from cpor_web.clock import CLOCKS_APART
from cpor_web.emails import outbox
from cpor_web.emails.marking import LEASE
from cpor_web.emails.outcomes import Accepted, Outcome, Permanent
from cpor_web.models import MailState
from tests.support.beginning import begin
from tests.support.one_mail import HOST, LATER, NOW, identity, put, sent_off

# Queueing


def test_a_queued_mail_is_due_at_once_and_rings_the_bell(db_session: Session) -> None:
    mail = put(db_session, name="Jamie")

    assert (mail.state, mail.due_at, mail.attempts) == (MailState.QUEUED, NOW, 0)
    assert (mail.to_address, mail.to_name, mail.language) == ("jamie.doe@adatum.example.org", "Jamie Doe", "sv")
    assert queue.SEND_MAIL in queue.rung(db_session)
    assert identity(mail) == (None, None, None)


def test_a_mail_that_is_sent_again_is_a_new_mail_with_the_same_words(db_session: Session) -> None:
    mail = sent_off(db_session, put(db_session, words="the same"), Accepted("250 ok"))

    again = outbox.put_again(db_session, mail, now=NOW + LATER)
    db_session.flush()

    assert again.id != mail.id
    assert (again.again_of_id, again.to_address) == (mail.id, mail.to_address)
    assert again.context == mail.context | {"copy_of": NOW.replace(microsecond=0).isoformat()}
    assert (again.state, again.message_id) == (MailState.QUEUED, None)
    assert mail.state is MailState.SENT


def test_a_copy_of_a_copy_is_one_of_the_first_mail(db_session: Session) -> None:
    later, taken = NOW + LATER, Accepted("250 ok")
    mail = sent_off(db_session, put(db_session), taken)
    again = sent_off(db_session, outbox.put_again(db_session, mail, now=later), taken, now=later)

    assert outbox.put_again(db_session, again, now=later).context == again.context


# Leasing


def test_what_is_longest_due_is_leased_first(db_session: Session) -> None:
    newer, older = put(db_session, now=NOW), put(db_session, now=NOW - LATER)

    assert outbox.lease(db_session, now=NOW, most=1) == [older.id]
    assert outbox.lease(db_session, now=NOW, most=5) == [newer.id]


def test_nothing_is_leased_before_it_is_due(db_session: Session) -> None:
    put(db_session, now=NOW + LATER)

    assert outbox.lease(db_session, now=NOW, most=5) == []


def test_a_lease_is_for_one_worker_until_it_runs_out(db_session: Session) -> None:
    mail = put(db_session)
    assert outbox.lease(db_session, now=NOW, most=5) == [mail.id]

    assert outbox.lease(db_session, now=NOW + LEASE, most=5) == []
    assert outbox.lease(db_session, now=NOW + LEASE + LATER, most=5) == [mail.id]


def test_a_released_mail_can_be_leased_again(db_session: Session) -> None:
    mail = put(db_session)
    outbox.lease(db_session, now=NOW, most=5)

    outbox.release(db_session, [mail.id])
    db_session.flush()

    assert outbox.lease(db_session, now=NOW, most=5) == [mail.id]


def test_a_release_does_not_touch_what_is_being_sent(db_session: Session) -> None:
    mail = put(db_session)
    outbox.lease(db_session, now=NOW, most=5)
    begin(db_session, mail.id, now=NOW, host=HOST)
    db_session.flush()

    outbox.release(db_session, [mail.id])

    assert mail.leased_until is not None


def test_a_release_does_not_touch_what_another_worker_has_begun_to_send(engine: Engine, committed: Session) -> None:
    mail = put(committed)
    outbox.lease(committed, now=NOW, most=5)
    committed.commit()
    assert mail.state is MailState.QUEUED
    with Session(engine) as another:
        begin(another, mail.id, now=NOW, host=HOST)
        another.commit()

    outbox.release(committed, [mail.id])
    committed.commit()

    assert (mail.state, mail.leased_until) == (MailState.SENDING, NOW + LEASE + CLOCKS_APART)


def test_two_workers_at_once_lease_different_mails_and_neither_waits(engine: Engine, committed: Session) -> None:
    ids = [put(committed).id for _ in range(6)]
    committed.commit()

    with Session(engine) as first, Session(engine) as second:
        mine = outbox.lease(first, now=NOW, most=4)
        theirs = outbox.lease(second, now=NOW, most=4)
        first.commit()
        second.commit()

    assert list(mine) == ids[:4]
    assert list(theirs) == ids[4:]


def test_what_one_worker_settles_no_other_settles(engine: Engine, committed: Session) -> None:
    mail = put(committed)
    outbox.lease(committed, now=NOW, most=1)
    begin(committed, mail.id, now=NOW, host=HOST)
    committed.commit()

    with Session(engine) as first, Session(engine) as second:
        assert outbox.settle(first, mail.id, Accepted("250 first"), now=NOW) is not None
        first.commit()
        assert outbox.settle(second, mail.id, Permanent("550 second"), now=NOW) is None
        second.commit()

    committed.refresh(mail)
    assert (mail.state, mail.answer) == (MailState.SENT, "250 first")


# Beginning


def test_what_begins_gets_an_identity(db_session: Session) -> None:
    mail = put(db_session)

    begin(db_session, mail.id, now=NOW, host=HOST)
    db_session.flush()

    assert (mail.state, mail.attempts) == (MailState.SENDING, 1)
    assert mail.message_id is not None
    assert mail.message_id.endswith(f"@{HOST}>")
    assert mail.dated_at == NOW.replace(microsecond=0)
    assert mail.boundary is not None


@pytest.mark.parametrize(
    "outcome", [Accepted("250 ok"), Permanent("550 no"), None], ids=["sent", "refused", "being sent"]
)
def test_what_is_not_to_be_sent_does_not_begin(db_session: Session, outcome: Outcome | None) -> None:
    mail = put(db_session)
    begin(db_session, mail.id, now=NOW, host=HOST)
    db_session.flush()
    if outcome is not None:
        outbox.settle(db_session, mail.id, outcome, now=NOW)
        db_session.flush()
    before = identity(mail), mail.state, mail.attempts

    assert begin(db_session, mail.id, now=NOW + LATER, host=HOST) is None
    assert (identity(mail), mail.state, mail.attempts) == before


def test_a_mail_that_is_not_there_does_not_begin(db_session: Session) -> None:
    assert begin(db_session, 999_999, now=NOW, host=HOST) is None
    assert outbox.settle(db_session, 999_999, Accepted("250 ok"), now=NOW) is None


def test_what_was_not_begun_is_not_settled(db_session: Session) -> None:
    mail = put(db_session)

    assert outbox.settle(db_session, mail.id, Accepted("250 ok"), now=NOW) is None
    assert mail.state is MailState.QUEUED
