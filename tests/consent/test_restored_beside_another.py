"""A denial is undone after a rival claim was approved: both stand, and the reviewers are told."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from cpor_web.claims import competing, operations, queries
from cpor_web.consent import answers, replacing, rounds
from cpor_web.consent.standing import standing_of
from cpor_web.models import Claim, Event, Invitation, Mail
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Rejection, Way
from cpor_web.rules.statuses import Status
from tests.support import claims
from tests.support.claims import NOW
from tests.support.statements import within

TENANT = {"tenant_id": "0f8fad5b-d9cb-469f-a165-70867728950e"}
WHY = "The order of October names the other partner."
BEFORE = NOW - timedelta(days=1)
LATE = NOW + timedelta(days=9)


class Two:
    """What becomes of the claims of two partners for the same."""

    def __init__(self, session: Session, programme: Programme) -> None:
        self.session, self.programme = session, programme

    def waiting(self) -> Claim:
        return claims.under_review(self.session, self.programme, now=BEFORE, **TENANT)

    def approve(self, claim: Claim, rationale: str = "") -> Claim:
        """Approve a claim, and let its notice be taken."""
        self.session.flush()
        self.session.refresh(claim)
        assert claim.reviewer is not None
        about: dict[str, Any] = {"actor": claim.reviewer.actor, "now": BEFORE, "programme": self.programme}
        operations.approve(self.session, claim, rationale=rationale, **about)
        claims.take_notice(self.session, self.programme, self.asked(claim), now=BEFORE)
        return claim

    def asked(self, claim: Claim) -> Invitation:
        return claims.invitations_of(self.session, claim)[0]

    def deny(self, claim: Claim, *, now: Any = NOW) -> None:
        about: dict[str, Any] = {"way": Way.PAGE, "now": now, "programme": self.programme}
        answers.deny(self.session, self.asked(claim), reason=Denial.OTHER, **about)

    def undo(self, claim: Claim, *, now: Any = NOW) -> None:
        answers.undo(self.session, self.asked(claim), now=now, programme=self.programme)

    def passes(self, claim: Claim) -> bool:
        closes_at = self.asked(claim).round.closes_at
        assert closes_at is not None
        return rounds.close(self.session, self.asked(claim).round_id, now=closes_at, programme=self.programme)

    def told(self, claim: Claim) -> list[Any]:
        """Return beside what the reviewers were told that a claim was restored."""
        self.session.flush()
        mails = select(Mail).where(Mail.claim_id == claim.id, Mail.kind == "competing-associations")
        return [mail.context["others"] for mail in self.session.scalars(mails)]


@pytest.fixture
def two(db_session: Session, programme: Programme) -> Two:
    return Two(db_session, programme)


def test_reviewers_are_told_of_an_association_that_was_restored_beside_another(two: Two) -> None:
    denied, other = two.approve(two.waiting()), two.waiting()
    two.deny(denied)
    two.approve(other)  # without a rationale: it went over nothing
    two.undo(denied)

    assert (denied.status, other.status) == (Status.APPROVED, Status.APPROVED)
    named = {"reference": other.reference, "partner": other.partner.name, "was_over": False}
    assert two.told(denied) == [[named]]
    mail = claims.mail_of(two.session, denied, "competing-associations")
    assert denied.reviewer is not None
    assert mail.to_address == denied.reviewer.email
    assert denied.reviewer.actor.user_id is not None
    (flag,) = [e for e in queries.history(two.session, denied, denied.reviewer.actor) if e.kind == "claim:competes"]
    assert flag.data == {"with": other.reference}
    told = queries.history(two.session, denied, denied.filed_by.actor)
    assert other.reference not in str([event.data for event in told])
    assert "competing-associations" not in str([event.data for event in told])
    assert mail not in queries.mails_of(two.session, denied, denied.filed_by.actor)


def test_a_decision_whose_moment_came_while_the_association_was_denied_ends_nothing_and_is_told_of(two: Two) -> None:
    denied, other = two.approve(two.waiting()), two.waiting()
    two.approve(other, WHY)
    closes_at = two.asked(other).round.closes_at
    assert closes_at is not None
    two.deny(denied, now=closes_at - timedelta(hours=1))
    assert two.passes(other)
    two.undo(denied, now=closes_at)

    assert (denied.status, other.status) == (Status.APPROVED, Status.APPROVED)
    assert [each["was_over"] for each in two.told(denied)[0]] == [True]
    assert two.passes(denied), "the customer's word is the later one"
    assert denied.status is Status.APPROVED


def test_a_decision_whose_moment_has_passed_ends_nothing_when_it_passes_again(two: Two) -> None:
    restored, other = two.approve(two.waiting()), two.waiting()
    two.approve(other, WHY)
    closes_at = two.asked(other).round.closes_at
    assert closes_at is not None
    two.deny(restored, now=closes_at - timedelta(hours=1))
    assert two.passes(other)
    two.undo(restored, now=closes_at)
    two.deny(other, now=closes_at + timedelta(hours=1))
    two.undo(other, now=closes_at + timedelta(hours=2))
    assert [each["was_over"] for each in two.told(other)[0]] == [False], "this one was over that"
    assert not replacing.is_due(two.session, other)
    assert competing.endings(two.session, [restored]) == {}
    found = standing_of(within(two.session), two.asked(other).link_id, now=closes_at)
    assert found is not None
    assert not found.replaces
    assert two.passes(other)
    assert restored.status is Status.APPROVED


@pytest.mark.parametrize("is_restored", [True, False], ids=["the restored one", "the other one"])
def test_reviewers_are_told_which_of_the_two_ends_if_the_customers_yes_does_not_come(
    two: Two, is_restored: bool
) -> None:
    (needs_yes, other) = (two.waiting(), two.waiting())
    two.approve(needs_yes)
    two.deny(needs_yes, now=BEFORE)
    claims.dispute(two.session, two.programme, needs_yes, now=BEFORE)
    if not is_restored:
        two.approve(other)
        two.deny(other)
    two.approve(needs_yes)
    if is_restored:
        two.deny(needs_yes)
        two.approve(other)
    restored = needs_yes if is_restored else other
    two.undo(restored)

    assert len(two.told(restored)) == 1
    mail = claims.mail_of(two.session, restored, "competing-associations")
    assert mail.context["lacking_yes"] == [needs_yes.reference]


def test_of_three_what_ends_by_another_decision_is_not_named(two: Two) -> None:
    denied, ending, third = two.approve(two.waiting()), two.waiting(), two.waiting()
    two.deny(denied)
    two.approve(ending)
    two.approve(third, WHY)
    two.undo(denied)
    assert [[each["reference"] for each in others] for others in two.told(denied)] == [[third.reference]]


def test_the_partner_reads_of_no_decision_over_an_association_that_ended_in_another_way(two: Two) -> None:
    denied, other = two.approve(two.waiting()), two.waiting()
    two.approve(other, WHY)
    two.deny(denied)
    two.session.flush()
    assert competing.decided_for(two.session, other) is None
    two.undo(denied)
    assert competing.decided_for(two.session, other) is not None


def test_neither_partner_reads_that_an_association_ends_by_a_decision_whose_moment_has_passed(two: Two) -> None:
    denied, other = two.approve(two.waiting()), two.waiting()
    two.approve(other, WHY)
    assert competing.decided_for(two.session, other) is not None
    two.deny(denied)
    assert two.passes(other)
    two.session.flush()
    assert competing.decided_against(two.session, denied) is None
    assert competing.decided_for(two.session, other) is None


@pytest.mark.parametrize("is_restored", [True, False], ids=["the replaced one", "the one that replaces"])
def test_where_a_decision_is_still_to_come_true_it_does_and_nobody_need_be_told(two: Two, is_restored: bool) -> None:
    replaced, other = two.approve(two.waiting()), two.waiting()
    two.approve(other, WHY)
    restored = replaced if is_restored else other
    two.deny(restored)
    two.undo(restored)
    assert two.told(restored) == []
    assert two.passes(other)
    assert (replaced.status, replaced.rejection) == (Status.REJECTED, Rejection.REPLACED)


def test_of_an_association_that_was_restored_beside_nothing_nobody_is_told(two: Two) -> None:
    denied = two.approve(two.waiting())
    two.waiting()
    two.deny(denied)
    two.undo(denied)
    assert two.told(denied) == []


def test_of_two_restored_at_once_one_is_told_of(engine: Engine, committed: Session, programme: Programme) -> None:
    two = Two(committed, programme)
    ids = []
    for _each in range(2):
        claim = two.approve(two.waiting())
        two.deny(claim)
        ids.append(claim.id)
    committed.commit()
    barrier = Barrier(2)

    def work(claim_id: int) -> None:
        with Session(engine) as session:
            restoring = Two(session, programme)
            claim = session.get_one(Claim, claim_id)
            barrier.wait(timeout=120)
            restoring.undo(claim)
            session.commit()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, ids))
    flagged = select(Event.claim_id).join(Claim, Claim.id == Event.claim_id).where(Event.kind == "claim:competes")
    restored = flagged.where(Event.at == NOW)
    assert len(committed.scalars(restored).all()) == 1
