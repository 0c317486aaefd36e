"""Which notices count as failed, and how many of them are too many."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from cpor_web.claims import bouncing, operations, posting
from cpor_web.consent import answers, rounds
from cpor_web.emails import outbox
from cpor_web.emails.outcomes import Transient
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Way, Withdrawal
from cpor_web.silence.failed_notices import Figures
from tests.support import claims
from tests.support.claims import NOW, invitations_of, mail_of
from tests.support.notices import LOST, REFUSED, TAKEN, bounce, figures, notice

CLOSING = NOW + timedelta(days=8)


@pytest.mark.parametrize(
    ("notices", "failed", "share", "count", "is_too_many"),
    [
        (10, 2, 0.2, 2, False),
        (10, 3, 0.2, 2, True),
        (10, 3, 0.2, 3, True),
        (10, 3, 0.2, 4, False),
        (100, 29, 0.29, 1, False),
        (5, 5, 1.0, 1, False),
        (5, 1, 0.0, 1, True),
        (0, 0, 0.0, 1, False),
    ],
)
def test_it_takes_the_number_and_more_than_the_share(
    notices: int, failed: int, share: float, count: int, is_too_many: bool
) -> None:
    assert Figures(notices, failed).is_too_many(share, count) is is_too_many


def test_refused_lost_and_returned_notices_have_failed_and_others_have_not(
    db_session: Session, programme: Programme
) -> None:
    for outcome in (TAKEN, TAKEN, REFUSED, LOST, Transient("451 later")):
        notice(db_session, replace(programme, hold_count=99), outcome)
    returned = notice(db_session, programme, TAKEN)
    mail = mail_of(db_session, returned, "consent-notice")
    bouncing.bounced(db_session, mail.id, "5.1.1", now=NOW, programme=replace(programme, hold_count=99))
    called_back = claims.approved(db_session, programme)
    about = {"actor": called_back.filed_by.actor, "now": NOW, "programme": programme}
    operations.withdraw(db_session, called_back, Withdrawal.INCORRECT_MPN_ID, **about)

    assert figures(db_session) == Figures(notices=5, failed=3, partners=3)


def test_returned_notices_of_askings_that_are_over_do_not_count(db_session: Session, programme: Programme) -> None:
    passed, denied, replaced, standing = (notice(db_session, programme, TAKEN) for _ in range(4))
    (invitation,) = invitations_of(db_session, passed)
    assert rounds.close(db_session, invitation.round_id, now=CLOSING, programme=programme)
    (invitation,) = invitations_of(db_session, denied)
    about = {"reason": Denial.OTHER, "way": Way.PAGE, "now": NOW, "programme": programme}
    answers.deny(db_session, invitation, **about)
    (invitation,) = invitations_of(db_session, replaced)
    invitation.superseded_at = NOW
    for claim in (passed, denied, replaced):
        bounce(db_session, programme, claim, CLOSING)
    assert figures(db_session, CLOSING) == Figures(0, 0)
    bounce(db_session, programme, standing, CLOSING)
    assert figures(db_session, CLOSING) == Figures(1, 1, 1)


def test_a_notice_counts_once_by_its_newest_copy(db_session: Session, programme: Programme) -> None:
    claim = notice(db_session, programme, REFUSED)
    again = outbox.put_again(db_session, mail_of(db_session, claim, "consent-notice"), now=NOW)
    db_session.flush()
    assert figures(db_session) == Figures(1, 1, 1), "of a copy that is still to be sent nothing is known"
    posting.begin(db_session, again.id, now=NOW, programme=programme)
    posting.settle(db_session, again.id, TAKEN, now=NOW, programme=programme)
    db_session.flush()
    assert figures(db_session) == Figures(1, 0, 0)


def test_an_old_notice_that_comes_back_does_not_count(db_session: Session, programme: Programme) -> None:
    claim = notice(db_session, programme, TAKEN)
    (invitation,) = invitations_of(db_session, claim)
    answers.not_the_right_person(db_session, invitation, now=NOW, programme=programme)
    old = NOW + timedelta(days=16)
    bounce(db_session, programme, claim, old)
    assert figures(db_session, old) == Figures(0, 0)
