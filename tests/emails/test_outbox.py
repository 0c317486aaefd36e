"""The outbox: what may be sent by whom, when again, and when no more."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from cpor_web import queue
from cpor_web.emails import outbox
from cpor_web.emails.marking import CLOCKS_APART, LEASE
from cpor_web.emails.outbox import GIVE_UP_AFTER, LONGEST_DELAY
from cpor_web.emails.outcomes import Accepted, Outcome, Permanent, Transient, Unavailable, Unknown
from cpor_web.models import Mail, MailState
from tests.support.beginning import begin
from tests.support.one_mail import HOST, LATER, NOW, TO, identity, newest, put, sent_off

# Queueing


def test_a_queued_mail_is_due_at_once_and_rings_the_bell(db_session: Session) -> None:
    mail = put(db_session, name="Jamie")

    assert (mail.state, mail.due_at, mail.attempts) == (MailState.QUEUED, NOW, 0)
    assert (mail.to_address, mail.to_name, mail.language) == ("jamie.doe@adatum.example.org", "Jamie Doe", "sv")
    assert queue.SEND_MAIL in db_session.info[queue.RINGS]
    assert identity(mail) == (None, None, None)


def test_a_mail_that_is_sent_again_is_a_new_mail_with_the_same_words(db_session: Session) -> None:
    mail = sent_off(db_session, put(db_session, words="the same"), Accepted("250 ok"))

    again = outbox.put_again(db_session, mail, now=NOW + LATER)
    db_session.flush()

    assert again.id != mail.id
    assert (again.again_of_id, again.context, again.to_address) == (mail.id, mail.context, mail.to_address)
    assert (again.state, again.message_id) == (MailState.QUEUED, None)
    assert mail.state is MailState.SENT


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


# Settling


def test_an_accepted_mail_is_sent_with_the_servers_answer(db_session: Session) -> None:
    mail = sent_off(db_session, put(db_session), Accepted("250 2.0.0 queued as 4X"))

    assert (mail.state, mail.sent_at, mail.answer) == (MailState.SENT, NOW, "250 2.0.0 queued as 4X")
    assert (mail.due_at, mail.leased_until) == (None, None)


def test_a_refused_mail_is_never_tried_again(db_session: Session) -> None:
    mail = sent_off(db_session, put(db_session), Permanent("550 no such mailbox"))

    assert (mail.state, mail.due_at, mail.answer) == (MailState.REFUSED, None, "550 no such mailbox")


def test_delays_grow_with_jitter_up_to_a_bound() -> None:
    for attempts in range(1, 100):
        waits = [outbox.delay(attempts) for _ in range(50)]
        usual = min(outbox.FIRST_DELAY * 2 ** (attempts - 1), LONGEST_DELAY) if attempts < 10 else LONGEST_DELAY
        assert all(0.8 * usual <= wait <= 1.2 * usual for wait in waits)
        assert len(set(waits)) > 1


def test_a_deferred_mail_comes_again_later_and_later_as_a_new_one(db_session: Session) -> None:
    mail, now, waits, identities = put(db_session), NOW, [], set()
    for _ in range(6):
        outbox.lease(db_session, now=now, most=1)
        begin(db_session, mail.id, now=now, host=HOST)
        db_session.flush()
        identities.add(mail.message_id)
        outbox.settle(db_session, mail.id, Transient("451 later"), now=now)
        db_session.flush()
        assert (mail.state, mail.message_id) == (MailState.DEFERRED, None)
        assert mail.due_at is not None
        waits.append(mail.due_at - now)
        now = mail.due_at

    assert waits == sorted(waits)
    assert waits[-1] > 10 * waits[0]
    assert mail.attempts == len(identities) == 6


def test_after_48_hours_a_deferred_mail_is_given_up(db_session: Session) -> None:
    mail = sent_off(db_session, put(db_session), Transient("451 later"))

    almost = sent_off(db_session, mail, Transient("451 later"), now=NOW + GIVE_UP_AFTER - timedelta(seconds=1))
    assert almost.state is MailState.DEFERRED
    last = NOW + GIVE_UP_AFTER + LONGEST_DELAY
    sent_off(db_session, mail, Transient("451 still later"), now=last)

    assert mail.state is MailState.REFUSED
    assert mail.due_at is None
    assert "48 hours" in mail.answer
    assert "451 still later" in mail.answer


def test_trouble_of_the_mail_server_burns_no_attempt_and_gives_up_nothing(db_session: Session) -> None:
    mail = put(db_session)
    for days in range(8):
        sent_off(db_session, mail, Unavailable("certificate has expired", "tls"), now=NOW + timedelta(days=days))

    assert (mail.state, mail.attempts, mail.first_tried_at) == (MailState.QUEUED, 0, None)
    assert sent_off(db_session, mail, Accepted("250 ok"), now=NOW + timedelta(days=9)).attempts == 1


def test_trouble_of_the_mail_server_leaves_a_deferred_mail_deferred(db_session: Session) -> None:
    mail = sent_off(db_session, put(db_session), Transient("451 later"))

    sent_off(db_session, mail, Unavailable("refused", "connect"), now=NOW + LONGEST_DELAY)

    assert (mail.state, mail.attempts) == (MailState.DEFERRED, 1)


# The key of its links

OLD, NEW = "0badc0de", "5eaf00d5"


def begun_with(session: Session, mail: Mail, *keys: str, now: datetime = NOW) -> str | None:
    begin(session, mail.id, now=now, host=HOST, link_keys=keys)
    return mail.key_id


def notice(session: Session) -> Mail:
    outbox.put(session, "consent-notice", TO, {}, now=NOW)
    return newest(session)


def test_a_mail_is_begun_with_the_newest_key_also_one_without_a_link(db_session: Session) -> None:
    """Its return address is signed too."""
    assert begun_with(db_session, notice(db_session), NEW, OLD) == NEW
    assert begun_with(db_session, put(db_session), NEW, OLD) == NEW


def test_a_mail_that_is_made_anew_has_no_key_until_it_is_begun_again(db_session: Session) -> None:
    mail = notice(db_session)
    begun_with(db_session, mail, OLD)

    outbox.settle(db_session, mail.id, Transient("451 later"), now=NOW)

    assert mail.key_id is None
    assert begun_with(db_session, mail, NEW, OLD) == NEW


def test_a_repeat_keeps_its_key_until_that_is_retired(db_session: Session) -> None:
    mail = notice(db_session)
    begun_with(db_session, mail, OLD)
    outbox.settle(db_session, mail.id, Unknown("connection lost"), now=NOW)

    assert begun_with(db_session, mail, NEW, OLD) == OLD
    outbox.settle(db_session, mail.id, Unavailable("refused", "connect"), now=NOW)
    assert begun_with(db_session, mail, NEW) == NEW
