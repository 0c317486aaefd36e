"""A notice that came back is sent again, and taken: the partner need not name anybody any more, a reviewer acts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from cpor_web.claims import contacts, lapsing, queries, reminders, way
from cpor_web.claims.deadlines import deadlines_in
from cpor_web.consent import answers, stops
from cpor_web.lists.needing import REPLACED_DENIED, needing_a_reviewer
from cpor_web.models import RoundState
from cpor_web.programme import Programme
from cpor_web.reviewers.words import STOPS
from cpor_web.rules.reasons import Denial, Way
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from tests.consent.astray import LATER, MUCH_LATER, RIGHT, SECOND, Astray
from tests.support import claims, factories
from tests.support.claims import NOW


@pytest.fixture
def astray(db_session: Session, programme: Programme) -> Astray:
    """One contact, whose notice came back; the partner was told."""
    made = Astray(db_session, programme)
    made.comes_back(made.asked[0])
    made.partner_is_told()
    return made


def test_what_a_reviewer_has_to_decide_does_not_lapse_for_want_of_the_partners_response(astray: Astray) -> None:
    assert astray.step() is way.CONTACT_NEEDED
    astray.is_sent_again_and_taken(astray.asked[0])
    assert astray.step() is way.LOOKED_AT
    assert not astray.lapses()
    assert astray.claim.status is Status.APPROVED


def test_nothing_runs_for_the_partner_and_nobody_reminds_it(astray: Astray) -> None:
    session, due = astray.session, astray.round.contact_due_at
    assert due is not None
    on_the_day = due - timedelta(hours=12)
    assert reminders.reminders_due(session, now=on_the_day, programme=astray.programme) == [astray.claim.id]
    astray.is_sent_again_and_taken(astray.asked[0])
    session.flush()
    assert deadlines_in(session, astray.claim, now=LATER) == []
    assert reminders.reminders_due(session, now=on_the_day, programme=astray.programme) == []


def test_a_mail_to_the_partner_that_is_late_starts_no_time_any_more(
    db_session: Session, programme: Programme
) -> None:
    astray = Astray(db_session, programme)
    astray.comes_back(astray.asked[0])
    astray.is_sent_again_and_taken(astray.asked[0])
    astray.partner_is_told(now=LATER)
    assert astray.round.contact_due_at is None


def test_a_notice_that_goes_astray_again_is_asked_about_again_with_a_whole_time(astray: Astray) -> None:
    astray.is_sent_again_and_taken(astray.asked[0])
    astray.comes_back(astray.asked[0], now=LATER)
    assert (astray.step(), astray.times_asked()) == (way.CONTACT_NEEDED, 2)
    astray.partner_is_told(now=LATER)
    assert astray.round.contact_due_at == datetime(2026, 11, 24, 22, 59, 59, tzinfo=UTC)
    assert astray.lapses()


def test_with_another_contact_still_astray_the_partners_time_goes_on(
    db_session: Session, programme: Programme
) -> None:
    astray = Astray(db_session, programme, second=SECOND)
    for each in astray.asked:
        astray.comes_back(each)
    astray.partner_is_told()
    due = astray.round.contact_due_at
    astray.is_sent_again_and_taken(astray.asked[0])
    assert (astray.step(), astray.round.contact_due_at) == (way.CONTACT_NEEDED, due)
    astray.is_sent_again_and_taken(astray.asked[1])
    assert astray.step() is way.LOOKED_AT


def test_a_partner_that_has_named_somebody_is_not_asked_again(astray: Astray) -> None:
    claim = astray.claim
    about: dict[str, Any] = {"actor": claim.filed_by.actor, "now": NOW, "programme": astray.programme}
    contacts.propose_contact(astray.session, claim, RIGHT, instead_of=claim.contacts[0].id, **about)
    astray.is_sent_again_and_taken(astray.asked[0])
    astray.comes_back(astray.asked[0], now=LATER)
    assert (astray.step(), astray.times_asked()) == (way.PROPOSED, 1)


def test_the_claim_is_in_the_list_of_what_needs_a_reviewer(astray: Astray) -> None:
    assert needing_a_reviewer(astray.session) == []
    astray.is_sent_again_and_taken(astray.asked[0])
    astray.session.flush()
    (needing,) = needing_a_reviewer(astray.session)
    assert (needing.reference, needing.sentence) == (astray.claim.reference, STOPS[stops.REACHED])


def test_that_all_were_reached_hides_no_denial_that_nobody_has_read(
    db_session: Session, programme: Programme
) -> None:
    astray = Astray(db_session, programme, second=SECOND)
    session, claim, (replaced, other) = astray.session, astray.claim, astray.asked
    about: dict[str, Any] = {"now": NOW, "programme": programme}
    astray.comes_back(replaced)
    right = astray.asks_another_instead_of(replaced)
    claims.take_notice(session, programme, right, now=NOW)
    answers.deny(session, replaced, reason=Denial.OTHER, way=Way.PAGE, **about)
    astray.comes_back(other)
    astray.partner_is_told()
    astray.is_sent_again_and_taken(other)
    session.flush()

    assert queries.why_stopped(session, claim) == stops.DENIED_BY_REPLACED
    assert [each.sentence for each in needing_a_reviewer(session)] == [REPLACED_DENIED]
    assert astray.step() is way.LOOKED_AT
    assert not astray.lapses()
    astray.comes_back(other, now=LATER)
    assert astray.step() is way.CONTACT_NEEDED


def test_a_replaced_contact_who_denies_after_all_were_reached_is_told_of(
    db_session: Session, programme: Programme, astray: Astray
) -> None:
    claim, (replaced,) = astray.claim, astray.asked
    about: dict[str, Any] = {"now": NOW, "programme": programme}
    right = astray.asks_another_instead_of(replaced)
    claims.take_notice(db_session, programme, right, now=NOW)
    astray.comes_back(right)
    astray.is_sent_again_and_taken(right)
    for _ in range(2):  # twice is the same as once
        answers.deny(db_session, replaced, reason=Denial.OTHER, way=Way.PAGE, **about)
    db_session.flush()

    assert queries.why_stopped(db_session, claim) == stops.DENIED_BY_REPLACED
    assert [each.sentence for each in needing_a_reviewer(db_session)] == [REPLACED_DENIED]
    assert (astray.step(), astray.round.contact_due_at) == (way.LOOKED_AT, None)
    astray.comes_back(right, now=LATER)
    assert astray.step() is way.CONTACT_NEEDED, "and a right contact can be missing still"


def test_a_claim_does_not_lapse_for_want_of_a_contact_where_all_were_reached(astray: Astray) -> None:
    (asked,) = astray.asked
    asked.bounced_at, asked.taken_at = None, LATER  # as a version left it that said nothing of it
    assert not lapsing.lapse_contact(astray.session, astray.round.id, now=MUCH_LATER, programme=astray.programme)
    assert astray.step() is way.LOOKED_AT
    assert not astray.lapses()


def test_a_reviewer_lets_the_period_go_on_with_a_full_window(astray: Astray) -> None:
    astray.is_sent_again_and_taken(astray.asked[0])
    reviewer = factories.user(astray.session, Role.REVIEWER).actor
    about: dict[str, Any] = {"actor": reviewer, "now": LATER, "programme": astray.programme}
    contacts.let_go_on(astray.session, astray.claim, "The mailbox was full.", **about)
    assert astray.round.state is RoundState.RUNNING
    assert astray.round.ends_at == datetime(2026, 11, 24, 22, 59, 59, tzinfo=UTC)
