"""Too many undelivered notices hold all closing until an administrator releases it; denials are never held."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from cpor_web.claims import bouncing, lapsing, operations
from cpor_web.consent import answers, recording, rounds
from cpor_web.models import Holding, Mail, RoundState, User
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid, NotAllowed, NotYours
from cpor_web.rules.reasons import Denial, Way
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from cpor_web.silence import failed_notices, holding
from cpor_web.silence.failed_notices import Figures
from tests.support import claims, factories
from tests.support.claims import NOW, invitations_of, mail_of
from tests.support.notices import LOST, REFUSED, TAKEN, bounce, figures, notice

MINUTE = timedelta(minutes=1)
CLOSING = NOW + timedelta(days=8)


@pytest.fixture
def programme(programme: Programme) -> Programme:
    """Two undelivered notices, and more than two fifths of the day's, are too many, if they are of two partners."""
    return replace(programme, hold_share=0.4, hold_count=2, hold_partners=2)


@pytest.fixture
def administrators(db_session: Session) -> list[User]:
    return [factories.user(db_session, Role.ADMINISTRATOR) for _ in range(2)]


def held(session: Session, programme: Programme, at: datetime = CLOSING) -> Holding:
    for _ in range(2):
        notice(session, programme, REFUSED, at)
    found = holding.in_force(session)
    assert found is not None
    return found


def to_administrators(session: Session) -> list[str]:
    return sorted(session.scalars(select(Mail.to_address).where(Mail.kind == "closing-held")))


# When it begins


def test_while_few_have_failed_those_that_got_through_are_not_counted(
    db_session: Session, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failed_notices, "figures", lambda *_about, **_more: pytest.fail("all of a day are counted"))
    notice(db_session, programme, REFUSED)
    for _ in range(3):
        notice(db_session, programme, TAKEN)
    assert holding.watch(db_session, now=NOW, programme=programme) is None


def test_the_failure_that_is_one_too_many_begins_it_in_its_own_transaction(
    db_session: Session, programme: Programme, administrators: list[User]
) -> None:
    notice(db_session, programme, TAKEN)
    notice(db_session, programme, REFUSED)
    assert holding.in_force(db_session) is None
    notice(db_session, programme, LOST, NOW + MINUTE)

    begun = holding.in_force(db_session)
    assert begun is not None
    assert (begun.began_at, begun.notices, begun.failed) == (NOW + MINUTE, 3, 2)
    assert to_administrators(db_session) == sorted(each.email for each in administrators)


def test_notices_that_come_back_days_later_begin_it_too(db_session: Session, programme: Programme) -> None:
    several = [notice(db_session, programme, TAKEN) for _ in range(3)]
    later = NOW + timedelta(days=5)
    for claim in several[:2]:
        mail = mail_of(db_session, claim, "consent-notice")
        bouncing.bounced(db_session, mail.id, "5.4.7 expired", now=later, programme=programme)
    assert holding.in_force(db_session) is not None


def test_what_failed_a_day_ago_no_longer_counts(db_session: Session, programme: Programme) -> None:
    notice(db_session, programme, REFUSED)
    notice(db_session, programme, REFUSED, NOW + timedelta(hours=24))
    assert holding.in_force(db_session) is None


def test_it_begins_once_and_administrators_are_mailed_once(
    db_session: Session, programme: Programme, administrators: list[User]
) -> None:
    held(db_session, programme)
    for _ in range(3):
        notice(db_session, programme, REFUSED, CLOSING)
        assert holding.watch(db_session, now=CLOSING, programme=programme) is None
    assert len(to_administrators(db_session)) == len(administrators)


def test_one_partner_alone_holds_nobodys_closing_and_reviewers_see_which(
    db_session: Session, programme: Programme
) -> None:
    other = notice(db_session, programme, TAKEN)
    filer = factories.user(db_session)
    for _ in range(3):
        notice(db_session, programme, REFUSED, filer=filer)
    assert figures(db_session) == Figures(4, 3, 1)
    assert holding.in_force(db_session) is None
    (found,) = failed_notices.suspects(db_session, since=NOW - MINUTE, programme=programme)
    assert found == (filer.partner, Figures(3, 3, 1))
    bounce(db_session, programme, other, NOW + MINUTE)
    assert holding.in_force(db_session) is not None, "of two partners it is too many"


def test_where_fewer_partners_ask_than_it_takes_failures_of_all_of_them_hold(
    db_session: Session, programme: Programme
) -> None:
    filer = factories.user(db_session)
    for _ in range(2):
        notice(db_session, replace(programme, hold_partners=3), REFUSED, filer=filer)
    assert holding.in_force(db_session) is not None


# What it holds


def test_no_window_closes_and_it_closes_after_the_release(
    db_session: Session, programme: Programme, administrators: list[User]
) -> None:
    claim = notice(db_session, programme, TAKEN)
    (invitation,) = invitations_of(db_session, claim)
    held(db_session, programme)
    about = {"now": CLOSING, "programme": programme}
    assert list(rounds.due(db_session, now=CLOSING, most=9)) == [invitation.round_id]
    assert not rounds.close(db_session, invitation.round_id, **about)
    assert invitation.round.state is RoundState.RUNNING

    holding.release(db_session, "It was the relay.", actor=administrators[0].actor, now=CLOSING)
    assert rounds.close(db_session, invitation.round_id, **about)
    assert invitation.round.state is RoundState.PASSED


def test_a_round_whose_notice_failed_does_not_close_after_the_release(
    db_session: Session, programme: Programme, administrators: list[User]
) -> None:
    failed = [notice(db_session, programme, REFUSED) for _ in range(2)]
    holding.release(db_session, "It was the relay.", actor=administrators[0].actor, now=NOW)
    assert list(rounds.due(db_session, now=CLOSING, most=9)) == []
    for claim in failed:
        (invitation,) = invitations_of(db_session, claim)
        assert not rounds.close(db_session, invitation.round_id, now=CLOSING, programme=programme)
        assert invitation.round.state is RoundState.STOPPED


def test_no_deadline_of_a_partner_lapses_and_a_resubmission_is_in_time(
    db_session: Session, programme: Programme, administrators: list[User]
) -> None:
    late, later = (claims.partner_action_required(db_session, programme) for _ in range(2))
    held(db_session, programme)
    for claim in (late, later):
        assert not lapsing.lapse(db_session, claim.id, now=CLOSING, programme=programme)
    operations.resubmit(db_session, late, actor=late.filed_by.actor, now=CLOSING, programme=programme)
    assert late.status is Status.SUBMITTED

    holding.release(db_session, "It was the relay.", actor=administrators[0].actor, now=CLOSING)
    assert lapsing.lapse(db_session, later.id, now=CLOSING, programme=programme)


def test_no_missing_contact_lapses(db_session: Session, programme: Programme, administrators: list[User]) -> None:
    claim = notice(db_session, programme, TAKEN)
    (invitation,) = invitations_of(db_session, claim)
    answers.not_the_right_person(db_session, invitation, now=NOW, programme=programme)
    round_ = invitation.round
    round_.contact_due_at, round_.contact_rule = NOW, {"period": "contact"}
    held(db_session, programme)
    assert not lapsing.lapse_contact(db_session, round_.id, now=CLOSING, programme=programme)
    holding.release(db_session, "It was the relay.", actor=administrators[0].actor, now=CLOSING)
    assert lapsing.lapse_contact(db_session, round_.id, now=CLOSING, programme=programme)


def test_a_denial_goes_on_as_ever_and_is_in_time_also_after_the_printed_end(
    db_session: Session, programme: Programme
) -> None:
    claim = notice(db_session, programme, TAKEN)
    (invitation,) = invitations_of(db_session, claim)
    held(db_session, programme)
    about = {"reason": Denial.NOT_OUR_PARTNER, "way": Way.PAGE, "now": CLOSING, "programme": programme}
    assert answers.deny(db_session, invitation, **about) is recording.Outcome.RECORDED
    (denial,) = invitation.answers
    assert not denial.is_late


# Its release


def test_what_failed_before_the_release_no_longer_counts_and_what_fails_after_it_does(
    db_session: Session, programme: Programme, administrators: list[User]
) -> None:
    first = held(db_session, programme)
    holding.release(db_session, "It was the relay.", actor=administrators[0].actor, now=CLOSING)
    assert figures(db_session, CLOSING) == Figures(0, 0)
    assert holding.watch(db_session, now=CLOSING, programme=programme) is None

    second = held(db_session, programme, CLOSING + MINUTE)
    assert second.id != first.id
    assert len(to_administrators(db_session)) == 2 * len(administrators)
    assert list(holding.past(db_session)) == [first]


def test_it_says_who_released_when_and_why(
    db_session: Session, programme: Programme, administrators: list[User]
) -> None:
    held(db_session, programme)
    (alex, _) = administrators
    released = holding.release(db_session, "  It was the relay.\x00 ", actor=alex.actor, now=CLOSING)
    db_session.flush()
    assert (released.released_at, released.released_by_id) == (CLOSING, alex.id)
    assert released.reason == "It was the relay."
    with pytest.raises(NotAllowed):
        holding.release(db_session, "Again.", actor=alex.actor, now=CLOSING)


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.GLOBAL_ADMIN])
def test_only_administrators_release(db_session: Session, programme: Programme, role: Role) -> None:
    held(db_session, programme)
    with pytest.raises(NotYours):
        holding.release(db_session, "Because.", actor=factories.user(db_session, role).actor, now=CLOSING)
    assert holding.in_force(db_session) is not None


@pytest.mark.parametrize("reason", ["", " \x00 ", "x" * 2001])
def test_a_release_needs_a_reason_of_reasonable_length(
    db_session: Session, programme: Programme, administrators: list[User], reason: str
) -> None:
    held(db_session, programme)
    with pytest.raises(Invalid) as invalid:
        holding.release(db_session, reason, actor=administrators[0].actor, now=CLOSING)
    assert invalid.value.field_name == "reason"


# Races


def test_of_two_who_see_it_at_once_one_begins_it(engine: Engine, committed: Session, programme: Programme) -> None:
    for outcome in (REFUSED, REFUSED):
        notice(committed, replace(programme, hold_count=99), outcome)
    factories.user(committed, Role.ADMINISTRATOR)
    committed.commit()
    begun: list[Holding | None] = []

    def look() -> None:
        with Session(engine) as session:
            begun.append(holding.watch(session, now=NOW, programme=programme))
            session.commit()

    together = [threading.Thread(target=look) for _ in range(4)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join(30)
    assert [each is None for each in begun].count(False) == 1
    assert len(to_administrators(committed)) == 1


def test_a_holding_waits_for_a_closing_under_way_and_no_later_one_slips_past_it(
    engine: Engine, committed: Session, programme: Programme
) -> None:
    first, second = (notice(committed, programme, TAKEN) for _ in range(2))
    ids = [invitations_of(committed, claim)[0].round_id for claim in (first, second)]
    for _ in range(2):
        notice(committed, replace(programme, hold_count=99), REFUSED, CLOSING)
    committed.commit()
    about = {"now": CLOSING, "programme": programme}

    with Session(engine) as closer, Session(engine) as watcher:
        assert rounds.close(closer, ids[0], **about)
        watcher.execute(text("SET LOCAL lock_timeout = '120s'"))
        watching = threading.Thread(target=lambda: (holding.watch(watcher, **about), watcher.commit()))
        watching.start()
        _until_somebody_waits(committed)
        assert holding.in_force(committed) is None, "it began over a closing that had looked already"
        closer.commit()
        watching.join(120)
        assert not rounds.close(closer, ids[1], **about)
        closer.rollback()
    committed.rollback()
    assert holding.in_force(committed) is not None


def _until_somebody_waits(session: Session) -> None:
    here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    waiting = text(f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND {here}")
    for _ in range(10_000):
        if session.scalar(waiting):
            return
        session.rollback()
        session.execute(text("SELECT pg_sleep(0.01)"))
    raise AssertionError("nobody waits")
