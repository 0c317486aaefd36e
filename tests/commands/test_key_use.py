"""What a key is still needed for: a link that can do something keeps its key."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import operations, posting
from cpor_web.commands import key_use
from cpor_web.commands.key_use import Use
from cpor_web.consent import answers, rounds
from cpor_web.emails.outcomes import Accepted
from cpor_web.models import Claim, Mail, MailState
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Withdrawal
from tests.support import claims
from tests.support.claims import NOW, invitations_of, mail_of

LONG_AFTER = NOW + timedelta(days=40)


def use(session: Session, programme: Programme, now: datetime = NOW) -> Use:
    session.flush()
    return key_use.of_link_keys(session, now=now).get(programme.link_keys[0], Use())


def needing(session: Session, programme: Programme, now: datetime = NOW) -> list[str]:
    session.flush()
    return list(key_use.claims_that_need(session, programme.link_keys[0], now=now))


def test_an_open_round_needs_the_key_of_its_notices(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)

    assert use(db_session, programme, LONG_AFTER) == Use(needed=1)
    assert needing(db_session, programme, LONG_AFTER) == [claim.reference]


def test_a_notice_that_is_not_begun_has_no_key_yet(db_session: Session, programme: Programme) -> None:
    claims.approved(db_session, programme)

    assert use(db_session, programme) == Use()
    assert needing(db_session, programme) == []


def test_a_denial_needs_its_key_while_it_can_be_undone(db_session: Session, programme: Programme) -> None:
    claim = claims.denied(db_session, programme)
    begin(db_session, claim, "denial-recorded", programme)

    assert use(db_session, programme) == Use(needed=1, closed=1)
    assert needing(db_session, programme) == [claim.reference]
    assert use(db_session, programme, LONG_AFTER) == Use(closed=2)
    assert needing(db_session, programme, LONG_AFTER) == []


def test_the_mail_to_another_contact_carries_no_link_and_needs_none(
    db_session: Session, programme: Programme
) -> None:
    second = claims.ContactDraft(name="Sam Soto", email="sam@contoso.example.com")
    claim = claims.denied(db_session, programme, second=second)
    for mail in db_session.scalars(select(Mail).where(Mail.claim_id == claim.id, Mail.kind == "denial-recorded")):
        begin_mail(db_session, mail, programme)

    assert use(db_session, programme) == Use(needed=1, closed=2)


def test_after_the_window_a_link_can_deny_late(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    (invitation,) = invitations_of(db_session, claim)
    assert rounds.close(db_session, invitation.round_id, now=LONG_AFTER, programme=programme)

    assert use(db_session, programme, LONG_AFTER) == Use(late=1)
    assert needing(db_session, programme, LONG_AFTER) == []


def test_an_ended_round_needs_nothing(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    operations.withdraw(
        db_session, claim, Withdrawal.CUSTOMER_LEFT, actor=claim.filed_by.actor, now=NOW, programme=programme
    )

    assert use(db_session, programme) == Use(closed=1)
    assert needing(db_session, programme) == []


def test_an_undone_denial_needs_the_key_of_the_first_notice_again(db_session: Session, programme: Programme) -> None:
    claim = claims.denied(db_session, programme)
    (invitation,) = invitations_of(db_session, claim)
    answers.undo(db_session, invitation, now=NOW, programme=programme)

    assert needing(db_session, programme) == [claim.reference]


def test_a_refused_mail_reached_nobody(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    mail_of(db_session, claim, "consent-notice").state = MailState.REFUSED

    assert use(db_session, programme) == Use()


def test_a_link_whose_key_nobody_noted_may_need_any(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    mail_of(db_session, claim, "consent-notice").key_id = None

    assert use(db_session, programme) == Use()
    assert key_use.of_link_keys(db_session, now=NOW) == {None: Use(needed=1)}
    assert needing(db_session, programme) == [claim.reference]


@pytest.mark.parametrize("other", ["0badc0de", ""])
def test_another_key_is_not_needed(db_session: Session, programme: Programme, other: str) -> None:
    claims.running(db_session, programme)
    db_session.flush()

    assert list(key_use.claims_that_need(db_session, other, now=NOW)) == []


def may_bounce_until(session: Session, programme: Programme, now: datetime) -> datetime | None:
    session.flush()
    return key_use.may_bounce_until(session, programme.link_keys[0], now=now)


def test_a_mail_that_was_sent_can_come_back_for_seven_days_whatever_it_says(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.submitted(db_session, programme)
    assert may_bounce_until(db_session, programme, NOW) is None, "it is not begun"
    begin(db_session, claim, "claim-received", programme)
    until = NOW + timedelta(days=7)
    assert may_bounce_until(db_session, programme, NOW) == until
    assert may_bounce_until(db_session, programme, until - timedelta(seconds=1)) == until
    assert may_bounce_until(db_session, programme, until) is None
    assert key_use.may_bounce_until(db_session, "0badc0de", now=NOW) is None


@pytest.mark.parametrize(
    ("state", "is_waited_for"), [(MailState.UNKNOWN, True), (MailState.REFUSED, False), (MailState.BOUNCED, False)]
)
def test_of_what_was_refused_or_came_back_already_no_report_is_waited_for(
    db_session: Session, programme: Programme, state: MailState, is_waited_for: bool
) -> None:
    claim = claims.submitted(db_session, programme)
    begin(db_session, claim, "claim-received", programme)
    mail = mail_of(db_session, claim, "claim-received")
    mail.state, mail.bounced_at = state, NOW if state is MailState.BOUNCED else None
    assert (may_bounce_until(db_session, programme, NOW) is not None) is is_waited_for


def test_a_mail_whose_key_nobody_noted_may_come_back_to_an_address_of_any(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.submitted(db_session, programme)
    begin(db_session, claim, "claim-received", programme)
    mail_of(db_session, claim, "claim-received").key_id = None
    assert may_bounce_until(db_session, programme, NOW) is not None


def begin(session: Session, claim: Claim, kind: str, programme: Programme) -> None:
    begin_mail(session, mail_of(session, claim, kind), programme)


def begin_mail(session: Session, mail: Mail, programme: Programme) -> None:
    session.flush()
    posting.begin(session, mail.id, now=NOW, programme=programme)
    posting.settle(session, mail.id, Accepted("250 ok"), now=NOW, programme=programme)
