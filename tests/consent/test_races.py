"""What happens at once, over real connections: exactly one outcome, and everything agrees which."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from cpor_web import history
from cpor_web.claims import operations
from cpor_web.consent import answers, at_once, rounds, stops
from cpor_web.consent.answers import Outcome
from cpor_web.consent.at_once import Denying
from cpor_web.models import Claim, Invitation, Mail, Round, RoundState
from cpor_web.programme import Programme
from cpor_web.rules.exc import Refused
from cpor_web.rules.reasons import Denial, Way, Withdrawal
from cpor_web.rules.roles import SYSTEM
from tests.consent.agreement import assert_agrees, outcomes
from tests.support import claims, factories

TIMES = 12
"""Repetitions of each race; the barrier makes each of them a close one."""

Step = Callable[[Session], Any]


class Race:
    """Runs steps at the same moment, each on a connection and in a transaction of its own."""

    def __init__(self, engine: Engine, programme: Programme, claim: Claim, round_: Round) -> None:
        self.engine, self.programme = engine, programme
        self.claim_id, self.round_id = claim.id, round_.id
        self.invitation_ids = [each.id for each in round_.invitations]
        assert round_.closes_at is not None
        self.closing: datetime = round_.closes_at

    def run(self, *steps: Step) -> list[Any]:
        """Return what each step returned; a refusal counts as a result, any other exception is raised."""
        barrier = Barrier(len(steps))

        def one(step: Step) -> Any:
            with Session(self.engine, expire_on_commit=False) as session:
                barrier.wait(timeout=120)
                try:
                    result = step(session)
                    session.commit()
                except Refused as refused:
                    session.rollback()
                    return refused
                return result

        with ThreadPoolExecutor(len(steps)) as pool:
            return list(pool.map(one, steps))

    def deny(self, number: int = 0, *, now: datetime | None = None) -> Step:
        about = Denial.OTHER, Way.PAGE, now or self.closing
        return lambda s: at_once.deny(
            s, Denying(self._invitation(s, number).link_id, *about), programme=self.programme
        )

    def close(self, *, now: datetime | None = None) -> Step:
        moment = now or self.closing
        return lambda s: rounds.close(s, self.round_id, now=moment, programme=self.programme)

    def undo(self, number: int = 0, *, now: datetime) -> Step:
        return lambda s: answers.undo(s, self._invitation(s, number), now=now, programme=self.programme)

    def withdraw(self) -> Step:
        def step(session: Session) -> None:
            claim = session.get_one(Claim, self.claim_id)
            about: dict[str, Any] = {"actor": claim.filed_by.actor, "now": self.closing, "programme": self.programme}
            operations.withdraw(session, claim, Withdrawal.CUSTOMER_LEFT, **about)

        return step

    def mail_bounces(self) -> Step:
        def step(session: Session) -> None:
            mail = session.query(Mail).filter_by(invitation_id=self.invitation_ids[0]).first()
            assert mail is not None
            stops.notice_failed(session, mail, now=self.closing, programme=self.programme)

        return step

    def note_of_a_mail(self) -> Step:
        def step(session: Session) -> None:
            claim = session.get_one(Claim, self.claim_id)
            history.append(session, claim, "mail:sent", actor=SYSTEM, now=self.closing)

        return step

    def _invitation(self, session: Session, number: int) -> Invitation:
        return session.get_one(Invitation, self.invitation_ids[number])


@pytest.fixture
def race(engine: Engine, committed: Session, programme: Programme) -> Callable[[], tuple[Claim, Race]]:
    """Make a claim with two contacts whose window is running, and a race over it."""
    filer = factories.user(committed)
    second = claims.ContactDraft(name="Dora Diaz", email="dora@contoso.example.com", language="de")

    def make() -> tuple[Claim, Race]:
        claim = claims.running(committed, programme, filer=filer, second=second)
        committed.commit()
        (round_, *_) = {each.round for each in claims.invitations_of(committed, claim)}
        return claim, Race(engine, programme, claim, round_)

    return make


Races = Callable[[], tuple[Claim, Race]]


def test_a_denial_and_the_closing_at_once_have_one_outcome(race: Races, committed: Session) -> None:
    for _ in range(TIMES):
        claim, runners = race()
        denied, closed = runners.run(runners.deny(), runners.close())
        assert (denied, closed) in {(Outcome.RECORDED, False), (Outcome.LATE, True)}
        assert_agrees(committed, claim)
        expected = ["consent:passed", "consent:denied"] if closed else ["consent:denied"]
        assert outcomes(committed, claim) == expected


def test_two_contacts_who_deny_at_once_deny_once(race: Races, committed: Session) -> None:
    for _ in range(TIMES):
        claim, runners = race()
        said = runners.run(runners.deny(0), runners.deny(1))
        assert sorted(said) == [Outcome.ALREADY, Outcome.RECORDED]
        assert_agrees(committed, claim)
        assert outcomes(committed, claim) == ["consent:denied"]


def test_a_denial_and_a_withdrawal_at_once_have_one_outcome(race: Races, committed: Session) -> None:
    for _ in range(TIMES):
        claim, runners = race()
        denied, withdrawn = runners.run(runners.deny(), runners.withdraw())
        if denied is Outcome.RECORDED:
            assert isinstance(withdrawn, Refused)
            assert outcomes(committed, claim) == ["consent:denied"]
        else:
            assert (denied, withdrawn) == (Outcome.OVER, None)
            assert outcomes(committed, claim) == ["claim:withdrawn"]
        assert_agrees(committed, claim)


def test_the_undoing_of_a_denial_and_a_closing_at_once_leave_the_window_open(race: Races, committed: Session) -> None:
    for _ in range(TIMES):
        claim, runners = race()
        runners.run(runners.deny())
        undone, *closed = runners.run(runners.undo(now=runners.closing), runners.close(), runners.close())
        assert (undone, closed) == (None, [False, False]), "an undone denial has its 24 hours"
        assert_agrees(committed, claim)
        assert outcomes(committed, claim) == ["consent:denied", "consent:undone"]


def test_an_undoing_twice_at_once_happens_once(race: Races, committed: Session) -> None:
    for _ in range(TIMES):
        claim, runners = race()
        runners.run(runners.deny())
        done = runners.run(runners.undo(now=runners.closing), runners.undo(now=runners.closing))
        assert sorted(isinstance(each, Refused) for each in done) == [False, True]
        assert_agrees(committed, claim)


def test_two_closings_at_once_pass_once(race: Races, committed: Session) -> None:
    for _ in range(TIMES):
        claim, runners = race()
        assert sorted(runners.run(runners.close(), runners.close(), runners.close())) == [False, False, True]
        assert_agrees(committed, claim)
        assert outcomes(committed, claim) == ["consent:passed"]


def test_a_bounce_and_a_closing_at_once_have_one_outcome(race: Races, committed: Session) -> None:
    for _ in range(TIMES):
        claim, runners = race()
        _none, closed = runners.run(runners.mail_bounces(), runners.close())
        round_ = committed.get_one(Round, runners.round_id, populate_existing=True)
        assert round_.state is (RoundState.PASSED if closed else RoundState.STOPPED)
        assert_agrees(committed, claim)


def test_a_denial_never_fails_over_the_notes_of_mails_that_are_written_meanwhile(
    race: Races, committed: Session
) -> None:
    for _ in range(TIMES):
        claim, runners = race()
        denied, *_notes = runners.run(runners.deny(), *(runners.note_of_a_mail() for _ in range(3)))
        assert denied is Outcome.RECORDED
        assert_agrees(committed, claim)


def test_a_worker_that_remembers_an_older_state_still_starts_the_window(
    engine: Engine, committed: Session, programme: Programme
) -> None:
    second = claims.ContactDraft(name="Dora Diaz", email="dora@contoso.example.com")
    claim = claims.approved(committed, programme, second=second)
    committed.commit()
    ids = [each.id for each in claims.invitations_of(committed, claim)]
    with Session(engine, expire_on_commit=False) as one, Session(engine, expire_on_commit=False) as other:
        remembered = [one.get_one(Invitation, each) for each in ids]
        one.commit()
        claims.take_notice(other, programme, other.get_one(Invitation, ids[0]))
        other.commit()
        claims.take_notice(one, programme, remembered[1])
        one.commit()
    round_ = committed.get_one(Round, remembered[0].round_id, populate_existing=True)
    assert round_.state is RoundState.RUNNING


def test_fifty_denials_against_four_closers_have_one_outcome(race: Races, committed: Session) -> None:
    claim, runners = race()
    before = runners.closing - timedelta(minutes=5)
    denials = [runners.deny(number % 2, now=before if number % 3 else None) for number in range(50)]
    steps = [*denials[:25], *(runners.close() for _ in range(4)), *denials[25:]]
    results = runners.run(*steps)
    closed = [each for each in results if isinstance(each, bool)]
    said = [each for each in results if isinstance(each, Outcome)]
    assert len(said) == 50
    assert sum(closed) <= 1
    counted = Outcome.LATE if any(closed) else Outcome.RECORDED
    assert said.count(counted) == 1
    assert said.count(Outcome.ALREADY) == 49
    assert_agrees(committed, claim)
