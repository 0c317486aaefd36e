"""A claim that somebody else holds for long holds up no mail but its own."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.orm import Session

from cpor_web.claims import posting
from cpor_web.clock import utcnow
from cpor_web.emails import outbox
from cpor_web.emails.marking import Marks
from cpor_web.emails.outbox import Recipient
from cpor_web.models import Claim, Mail, MailState
from cpor_web.programme import Programme
from jobs.mail import HELD_UP, drain
from tests.support.claims import invitations_of, mail_of
from tests.support.smtp_server import ScriptedServer

CUSTOMER = "carla@contoso.example.com"
OTHERS = 3


@pytest.fixture
def notice(claim: Claim, committed: Session) -> Mail:
    """A customer's notice, the longest due, and three mails of no claim after it."""
    told, reader = mail_of(committed, claim, "approved"), Recipient("reader@fabrikam.example.org", "", "en")
    for _ in range(OTHERS):
        outbox.put(committed, "approved", reader, told.context, now=utcnow())
    committed.commit()
    return mail_of(committed, claim, "consent-notice")


@pytest.fixture
def holder(engine: Engine, notice: Mail) -> Iterator[Connection]:
    """Somebody else's connection; `hold` locks the notice's claim on it until it is rolled back."""
    with engine.connect() as other:
        yield other


def hold(other: Connection, notice: Mail) -> None:
    other.execute(select(Claim.id).where(Claim.id == notice.claim_id).with_for_update())


def test_a_claim_that_is_held_holds_up_its_own_notice_only_and_that_for_a_moment(
    notice: Mail, holder: Connection, committed: Session, smtp_server: ScriptedServer
) -> None:
    hold(holder, notice)
    drain()
    assert len(smtp_server.mails) == OTHERS
    assert not smtp_server.mails_to(CUSTOMER)
    committed.refresh(notice)
    assert (notice.state, notice.attempts, notice.message_id) == (MailState.QUEUED, 0, None)
    assert notice.leased_until is not None
    assert notice.leased_until <= utcnow() + HELD_UP
    (invitation,) = invitations_of(committed, committed.get_one(Claim, notice.claim_id))
    assert invitation.printed_end is None

    holder.rollback()
    notice.leased_until = utcnow()  # the moment is over
    committed.commit()
    drain()
    assert len(smtp_server.mails_to(CUSTOMER)) == 1


def test_making_mails_ready_neither_waits_for_a_claim_that_is_held_nor_makes_ready_what_asks_about_it(
    notice: Mail, holder: Connection, committed: Session, programme: Programme
) -> None:
    ids = list(outbox.lease(committed, now=utcnow(), most=9))
    committed.commit()
    hold(holder, notice)
    committed.execute(text("SET LOCAL lock_timeout = '100ms'"))
    ready = posting.make_ready(committed, ids, now=utcnow(), programme=programme)
    assert set(ready) == set(ids) - {notice.id}


def test_what_somebody_else_holds_is_released_without_waiting_for_it(
    notice: Mail, holder: Connection, committed: Session
) -> None:
    ids = list(outbox.lease(committed, now=utcnow(), most=9))
    committed.commit()
    holder.execute(select(Mail.id).where(Mail.id == notice.id).with_for_update())
    committed.execute(text("SET LOCAL lock_timeout = '100ms'"))
    outbox.release(committed, ids)
    committed.commit()
    kept = select(Mail.id).where(Mail.id.in_(ids), Mail.leased_until.is_not(None))
    assert list(committed.scalars(kept)) == [notice.id]


@pytest.mark.parametrize("is_held_to_the_end", [False, True], ids=["for a moment", "to the end"])
def test_a_refusal_that_cannot_be_noted_at_once_is_noted_later_and_holds_no_other_mail_up(
    notice: Mail,
    holder: Connection,
    committed: Session,
    smtp_server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    is_held_to_the_end: bool,
) -> None:
    smtp_server.fail("RCPT", "550 5.1.1 No such user", address=CUSTOMER)
    settle, is_marked, tried = posting.settle, Marks.is_marked, list[int]()

    def mark_and_hold(marks: Marks) -> bool:
        marked = is_marked(marks)
        if not holder.in_transaction() and not tried:  # the notice is the first
            hold(holder, notice)
        return marked

    def impatiently(session: Session, mail_id: int, *about: Any, **more: Any) -> None:
        tried.append(mail_id)
        if tried.count(notice.id) == 2 and not is_held_to_the_end:
            holder.rollback()
        session.execute(text("SET LOCAL lock_timeout = '100ms'"))
        settle(session, mail_id, *about, **more)

    monkeypatch.setattr(Marks, "is_marked", mark_and_hold)
    monkeypatch.setattr(posting, "settle", impatiently)
    drain()
    assert len(smtp_server.mails_to("reader@fabrikam.example.org")) == OTHERS
    assert tried.count(notice.id) == 2
    committed.refresh(notice)
    assert notice.state is (MailState.SENDING if is_held_to_the_end else MailState.REFUSED)
    waiting = select(Mail.id).where(Mail.state == MailState.QUEUED, Mail.leased_until.is_not(None))
    assert not list(committed.scalars(waiting)), "something is leased by nobody"
