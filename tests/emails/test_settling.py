"""What becomes of a mail by what the server said: sent, refused or tried again; and which key makes its links."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from cpor_web.emails import outbox
from cpor_web.emails.outbox import GIVE_UP_AFTER, LONGEST_DELAY
from cpor_web.emails.outcomes import Accepted, Permanent, Transient, Unavailable, Unknown
from cpor_web.models import Mail, MailState
from tests.support.beginning import begin
from tests.support.one_mail import HOST, NOW, TO, newest, put, sent_off

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
