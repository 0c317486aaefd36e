"""A window runs only once the question was asked, for as long as the notices say, and closes only when due."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.consent import answers, rounds, stops
from cpor_web.emails import outbox
from cpor_web.facts import latest_round
from cpor_web.models import Assessment, Claim, Event, Mail, Round, RoundState
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Rejection, Way
from cpor_web.rules.statuses import Status
from tests.consent.agreement import assert_agrees
from tests.support import claims
from tests.support.claims import NOW, ContactDraft

SECOND = ContactDraft(name="Dora Diaz", email="dora@contoso.example.com", language="de")
END = datetime(2026, 11, 23, 22, 59, 59, tzinfo=UTC)
"""The last second of the seventh day after NOW's, in Berlin."""


def round_of(session: Session, claim: Claim) -> Round:
    session.flush()
    round_ = latest_round(session, claim)
    assert round_ is not None
    return round_


def mails(session: Session, claim: Claim, kind: str) -> list[Mail]:
    session.flush()
    return list(session.scalars(select(Mail).where(Mail.claim_id == claim.id, Mail.kind == kind).order_by(Mail.id)))


def close(session: Session, programme: Programme, round_: Round, at: datetime) -> bool:
    return rounds.close(session, round_.id, now=at, programme=programme)


def test_approval_asks_every_contact_and_starts_no_clock(db_session: Session, programme: Programme) -> None:
    claim = claims.approved(db_session, programme, second=SECOND)
    round_ = round_of(db_session, claim)
    assert (round_.state, round_.ends_at, round_.closes_at) == (RoundState.WAITING, None, None)
    asked = {(mail.to_address, mail.language) for mail in mails(db_session, claim, "consent-notice")}
    assert asked == {("carla@contoso.example.com", "en"), ("dora@contoso.example.com", "de")}


def test_a_round_without_its_notice_out_is_never_due(db_session: Session, programme: Programme) -> None:
    round_ = round_of(db_session, claims.approved(db_session, programme))
    much_later = NOW + timedelta(days=100)
    assert round_.id not in rounds.due(db_session, now=much_later, most=9)
    assert not close(db_session, programme, round_, much_later)


def test_the_window_starts_with_the_last_notice_that_is_taken(db_session: Session, programme: Programme) -> None:
    claim = claims.approved(db_session, programme, second=SECOND)
    first, second = claims.invitations_of(db_session, claim)
    claims.take_notice(db_session, programme, first)
    round_ = round_of(db_session, claim)
    assert (round_.state, round_.ends_at) == (RoundState.WAITING, None)
    claims.take_notice(db_session, programme, second, now=NOW + timedelta(days=2))
    assert (round_.state, round_.ends_at) == (RoundState.RUNNING, END + timedelta(days=2))
    assert round_.end_rule is not None
    assert round_.end_rule["period"] == "consent"


def test_a_window_ends_with_the_last_second_of_the_seventh_day(db_session: Session, programme: Programme) -> None:
    round_ = round_of(db_session, claims.running(db_session, programme))
    assert round_.ends_at == END
    assert round_.closes_at == END + timedelta(minutes=15)


@pytest.mark.parametrize("day", ["2026-03-22", "2026-03-28", "2026-10-18", "2026-10-25", "2026-12-28"])
@pytest.mark.parametrize("time", ["00:00:00.000001", "09:30", "23:59:59", "23:59:59.999999"])
def test_a_window_has_seven_full_days_also_when_the_clocks_change(
    db_session: Session, programme: Programme, day: str, time: str
) -> None:
    taken = datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=programme.calendar.zone).astimezone(UTC)
    claim = claims.approved(db_session, programme)
    (invitation,) = claims.invitations_of(db_session, claim)
    claims.take_notice(db_session, programme, invitation, now=taken)
    end = round_of(db_session, claim).ends_at
    assert end is not None
    assert timedelta(days=7) <= end - taken < timedelta(days=8, hours=2)
    assert end.astimezone(programme.calendar.zone).time().isoformat() == "23:59:59"


def test_fractions_of_a_day_are_taken_exactly(db_session: Session, programme: Programme) -> None:
    quick = replace(programme, periods=replace(programme.periods, consent=0.25))
    claim = claims.running(db_session, quick)
    assert round_of(db_session, claim).ends_at == NOW + timedelta(hours=6)


def test_a_round_ends_with_the_latest_end_that_a_notice_prints(db_session: Session, programme: Programme) -> None:
    claim = claims.approved(db_session, programme, second=SECOND)
    first, second = claims.invitations_of(db_session, claim)
    rounds.print_end(first, now=NOW + timedelta(days=3), programme=programme)
    _taken(db_session, programme, first.id, NOW)
    claims.take_notice(db_session, programme, second)
    round_ = round_of(db_session, claim)
    assert round_.ends_at == END + timedelta(days=3)
    assert round_.end_rule is not None
    assert round_.end_rule["printed"] == round_.ends_at.isoformat()


def test_a_notice_that_is_sent_again_gives_time_and_takes_none(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    (invitation,) = claims.invitations_of(db_session, claim)
    (notice,) = mails(db_session, claim, "consent-notice")
    outbox.put_again(db_session, notice, now=NOW)
    claims.take_notice(db_session, programme, invitation, now=NOW + timedelta(days=1))
    round_ = round_of(db_session, claim)
    assert round_.ends_at == END + timedelta(days=1)
    outbox.put_again(db_session, notice, now=NOW)
    claims.take_notice(db_session, programme, invitation, now=NOW - timedelta(days=1))
    assert round_.ends_at == END + timedelta(days=1)
    ends = select(Event.data["ends_at"].as_string()).where(
        Event.claim_id == claim.id, Event.kind == "consent:extended"
    )
    assert db_session.scalars(ends).all() == [round_.ends_at.isoformat()]


def test_a_window_closes_when_the_grace_is_over_and_not_before(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    round_ = round_of(db_session, claim)
    closing = END + timedelta(minutes=15)
    early = closing - timedelta(microseconds=1)
    assert round_.id not in rounds.due(db_session, now=early, most=9)
    assert not close(db_session, programme, round_, early)
    assert round_.id in rounds.due(db_session, now=closing, most=9)
    assert close(db_session, programme, round_, closing)
    assert (claim.status, round_.state, round_.closed_at) == (Status.APPROVED, RoundState.PASSED, closing)
    assert db_session.scalar(select(Assessment.round_id).where(Assessment.claim_id == claim.id)) == round_.id
    assert_agrees(db_session, claim)


def test_a_window_closes_once(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    round_ = round_of(db_session, claim)
    late = END + timedelta(days=1)
    assert [close(db_session, programme, round_, late) for _ in range(3)] == [True, False, False]
    assert len(mails(db_session, claim, "consent-period-passed")) == 1


def test_the_longest_due_is_closed_first_and_no_more_than_asked(db_session: Session, programme: Programme) -> None:
    made = [claims.running(db_session, programme, now=NOW - timedelta(days=days)) for days in (0, 2, 1)]
    newest, oldest, middle = (round_of(db_session, claim).id for claim in made)
    late = END + timedelta(days=1)
    assert list(rounds.due(db_session, now=late, most=9)) == [oldest, middle, newest]
    assert list(rounds.due(db_session, now=late, most=2)) == [oldest, middle]


def test_a_reply_that_waits_for_a_reader_holds_the_closing(db_session: Session, programme: Programme) -> None:
    round_ = round_of(db_session, claims.running(db_session, programme))
    round_.reply_at = NOW
    late = END + timedelta(days=1)
    assert round_.id not in rounds.due(db_session, now=late, most=9)
    assert not close(db_session, programme, round_, late)


@pytest.mark.parametrize("is_denied_between", [False, True])
@pytest.mark.parametrize(("days", "zone"), [(14, "Europe/Berlin"), (7, "America/New_York")])
def test_an_end_stays_where_it_was_computed_whatever_is_set_since(
    db_session: Session, programme: Programme, days: int, zone: str, is_denied_between: bool
) -> None:
    claim = claims.running(db_session, programme)
    round_ = round_of(db_session, claim)
    rule = round_.end_rule
    calendar = replace(programme.calendar, zone=ZoneInfo(zone))
    now_set = replace(programme, periods=replace(programme.periods, consent=days), calendar=calendar)
    if is_denied_between:
        (invitation,) = round_.invitations
        about: dict[str, Any] = {"now": NOW, "programme": now_set}
        answers.deny(db_session, invitation, reason=Denial.OTHER, way=Way.PAGE, **about)
        answers.undo(db_session, invitation, **about)
    assert (round_.ends_at, round_.end_rule) == (END, rule)
    assert close(db_session, now_set, round_, END + timedelta(minutes=15))
    assert (round_.ends_at, round_.end_rule) == (END, rule)


def test_a_later_end_that_a_notice_prints_keeps_the_rule_of_the_one_before(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.running(db_session, programme)
    round_ = round_of(db_session, claim)
    (invitation,) = round_.invitations
    now_set = replace(programme, periods=replace(programme.periods, consent=14))
    rounds.print_end(invitation, now=NOW, programme=now_set)
    assert not close(db_session, now_set, round_, END + timedelta(minutes=15))
    assert round_.ends_at == END + timedelta(days=7)
    assert round_.end_rule is not None
    assert (round_.end_rule["count"], round_.end_rule["printed"]) == (7, round_.ends_at.isoformat())


def test_a_round_that_needs_a_yes_and_gets_none_ends_as_declined(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    round_ = round_of(db_session, claim)
    round_.needs_yes = True
    assert close(db_session, programme, round_, END + timedelta(days=1))
    assert (claim.status, claim.rejection) == (Status.REJECTED, Rejection.CUSTOMER_DECLINE)
    assert round_.state is RoundState.SILENT
    assert_agrees(db_session, claim)


def test_a_round_that_needs_a_yes_passes_with_one_that_was_confirmed(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.running(db_session, programme)
    (invitation,) = claims.invitations_of(db_session, claim)
    invitation.round.needs_yes = True
    answers.press_yes(db_session, invitation, now=NOW, programme=programme)
    answers.confirm_yes(db_session, invitation, now=NOW, programme=programme)
    assert close(db_session, programme, invitation.round, END + timedelta(days=1))
    assert (claim.status, invitation.round.state) == (Status.APPROVED, RoundState.PASSED)


@pytest.mark.parametrize("make", [claims.approved, claims.running])
def test_a_notice_that_was_not_delivered_stops_the_clock_and_asks_the_partner(
    db_session: Session, programme: Programme, make: Any
) -> None:
    claim = make(db_session, programme)
    (notice,) = mails(db_session, claim, "consent-notice")
    stops.notice_failed(db_session, notice, now=NOW, programme=programme)
    round_ = round_of(db_session, claim)
    assert round_.state is RoundState.STOPPED
    assert len(mails(db_session, claim, "contact-needed")) == 1
    assert not close(db_session, programme, round_, NOW + timedelta(days=100))
    stops.notice_failed(db_session, notice, now=NOW, programme=programme)
    assert len(mails(db_session, claim, "contact-needed")) == 1, "a bounce that is told twice asks once"


def _taken(session: Session, programme: Programme, invitation_id: int, at: datetime) -> None:
    notice = session.scalars(select(Mail).where(Mail.invitation_id == invitation_id)).one()
    rounds.notice_taken(session, notice, now=at, programme=programme)
