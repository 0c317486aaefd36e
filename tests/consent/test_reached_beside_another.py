"""A notice that came back is sent again, and taken, while another contact's is not out: that one is waited for."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from cpor_web.claims import contacts, posting, queries, way
from cpor_web.consent import answers
from cpor_web.emails import outbox
from cpor_web.emails.marking import Taken
from cpor_web.lists.needing import IN_DOUBT, needing_a_reviewer
from cpor_web.programme import Programme
from cpor_web.rules.exc import GuardFailed
from cpor_web.rules.reasons import Denial, Way
from cpor_web.rules.roles import Role
from tests.consent.astray import LATER, SECOND, Astray
from tests.support import claims, factories
from tests.support.claims import NOW
from tests.support.one_mail import words_of


@pytest.fixture
def deferred(db_session: Session, programme: Programme) -> Astray:
    """Two contacts: the notice of the first came back, the second's is not out. The partner was told."""
    made = Astray(db_session, programme, claims.approved(db_session, programme, second=SECOND))
    claims.take_notice(db_session, programme, made.asked[0], now=NOW)
    made.comes_back(made.asked[0])
    made.partner_is_told()
    return made


def test_where_anothers_notice_is_not_out_the_period_begins_by_itself_with_that(
    db_session: Session, programme: Programme, deferred: Astray
) -> None:
    version = deferred.claim.version
    deferred.is_sent_again_and_taken(deferred.asked[0])
    assert (deferred.step(), deferred.round.contact_due_at) == (way.NOTICE, None)
    assert deferred.claim.version > version, "a page that was opened before is too old"
    assert needing_a_reviewer(db_session) == []
    told = queries.history(db_session, deferred.claim, deferred.claim.filed_by.actor)
    assert [each.kind for each in told][:2] == ["mail:sent", "consent:reached"]
    claims.take_notice(db_session, programme, deferred.asked[1], now=LATER)
    assert deferred.step() is way.ASKED


@pytest.mark.parametrize("is_settled_with_others", [False, True], ids=["alone", "together"])
def test_the_partner_is_told_that_no_other_contact_is_needed_any_more(
    db_session: Session, programme: Programme, deferred: Astray, is_settled_with_others: bool
) -> None:
    if is_settled_with_others:
        again = outbox.put_again(db_session, deferred.notice(deferred.asked[0]), now=LATER)
        posting.begin(db_session, again.id, now=LATER, programme=programme)
        posting.settle_taken(db_session, [Taken(again.id, "250 Ok", LATER)], programme=programme)
    else:
        deferred.is_sent_again_and_taken(deferred.asked[0])
    said = words_of(claims.mail_of(db_session, deferred.claim, "consent-period-goes-on"))
    assert "goes on: no other contact is needed. We are sending the customer the notice." in said
    assert "You need not do anything." in said


def test_where_nobody_knows_whether_anothers_notice_is_out_a_reviewer_reads_that(
    db_session: Session, programme: Programme, deferred: Astray
) -> None:
    notice = deferred.notice(deferred.asked[1])
    posting.begin(db_session, notice.id, now=NOW, programme=programme)
    assert posting.lose(db_session, notice.id, why="The answer was lost.", now=NOW, programme=programme)
    deferred.is_sent_again_and_taken(deferred.asked[0])
    assert deferred.step() is way.IN_DOUBT
    assert [each.sentence for each in needing_a_reviewer(db_session)] == [IN_DOUBT]


def test_a_period_goes_on_only_once_every_notice_is_out_and_who_presses_reads_that(
    db_session: Session, programme: Programme, deferred: Astray
) -> None:
    about: dict[str, Any] = {"now": LATER, "programme": programme}
    right = deferred.asks_another_instead_of(deferred.asked[0])
    claims.take_notice(db_session, programme, right, now=NOW)
    answers.deny(db_session, deferred.asked[0], reason=Denial.OTHER, way=Way.PAGE, **about)
    deferred.comes_back(right)
    deferred.is_sent_again_and_taken(right)
    assert deferred.step() is way.LOOKED_AT, "what the replaced contact said is to be read"
    reviewer = factories.user(db_session, Role.REVIEWER).actor
    with pytest.raises(GuardFailed, match="A notice is not out yet"):
        contacts.let_go_on(db_session, deferred.claim, "He has left.", actor=reviewer, **about)
    claims.take_notice(db_session, programme, deferred.asked[1], now=LATER)
    contacts.let_go_on(db_session, deferred.claim, "He has left.", actor=reviewer, **about)
    assert deferred.step() is way.ASKED
