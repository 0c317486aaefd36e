"""Taking the next claim and giving claims away; what several do at once, over connections of their own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import chain
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from cpor_web.claims import assigning, operations
from cpor_web.models import Claim, Event, User
from cpor_web.programme import Programme
from cpor_web.rules.exc import GuardFailed, Invalid, NotAllowed, NotYours
from cpor_web.rules.reasons import Rejection, Request
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from tests.support import claims, factories
from tests.support.claims import NOW

DAY = timedelta(days=1)
Take = Callable[..., Claim | None]


def claims_events(session: Session, claim: Claim, kind: str) -> Sequence[Event]:
    return session.scalars(select(Event).where(Event.claim_id == claim.id, Event.kind == kind)).all()


def sent_back_in_dispute(session: Session, programme: Programme) -> Claim:
    claim, reviewer = claims.rejected(session, programme), factories.user(session, Role.REVIEWER)
    about: dict[str, Any] = {"now": NOW, "programme": programme}
    operations.dispute(session, claim, "It is signed.", actor=claim.filed_by.actor, **about)
    operations.take_over(session, claim, actor=reviewer.actor, **about)
    operations.request_information(session, claim, {Request.DATES: ""}, "Date?", actor=reviewer.actor, **about)
    session.flush()
    session.refresh(claim)
    return claim


@pytest.fixture
def reviewer(db_session: Session) -> User:
    return factories.user(db_session, Role.REVIEWER)


@pytest.fixture
def other(db_session: Session) -> User:
    return factories.user(db_session, Role.REVIEWER)


@pytest.fixture
def take(db_session: Session, programme: Programme, reviewer: User) -> Take:
    def take(who: User = reviewer, **filters: object) -> Claim | None:
        return operations.take_next(db_session, actor=who.actor, now=NOW, programme=programme, **filters)

    return take


def test_the_next_claim_is_the_one_that_is_due_first(
    db_session: Session, programme: Programme, take: Take, reviewer: User
) -> None:
    later, first = (claims.submitted(db_session, programme, now=NOW - days * DAY) for days in (1, 7))

    assert [take(), take(), take()] == [first, later, None]
    assert {first.status, later.status} == {Status.UNDER_REVIEW}
    assert {first.reviewer_id, later.reviewer_id} == {reviewer.id}


def test_going_on_leads_through_ones_own_claims_then_to_what_is_free_and_round_again(
    db_session: Session, programme: Programme, reviewer: User, other: User
) -> None:
    claims.under_review(db_session, programme, reviewer=other, now=NOW - 9 * DAY)
    free = claims.submitted(db_session, programme, now=NOW - 8 * DAY)
    first, second = (claims.under_review(db_session, programme, reviewer=reviewer, now=NOW - n * DAY) for n in (7, 3))

    def go_on(past: Claim | None = None) -> Claim | None:
        return operations.go_on(db_session, actor=reviewer.actor, now=NOW, programme=programme, past=past)

    assert go_on() is first, "one's own come before what nobody has, also what is due earlier"
    assert go_on(first) is second
    assert free.reviewer_id is None
    assert go_on(second) is free
    assert (free.status, free.reviewer_id) == (Status.UNDER_REVIEW, reviewer.id)
    assert {go_on(first), go_on(second), go_on(free)} == {first, second, free}, "each has another"


def test_going_on_starts_what_was_assigned_or_resubmitted(
    db_session: Session, programme: Programme, reviewer: User, other: User
) -> None:
    claim = claims.submitted(db_session, programme)
    operations.assign(db_session, claim, reviewer.id, actor=other.actor, now=NOW)

    assert operations.go_on(db_session, actor=reviewer.actor, now=NOW, programme=programme) is claim
    assert claim.status is Status.UNDER_REVIEW


def test_a_claim_given_back_waits_for_whoever_takes_it_with_its_deadline_and_history(
    db_session: Session, programme: Programme, take: Take, reviewer: User, other: User
) -> None:
    claim = claims.under_review(db_session, programme, reviewer=reviewer)
    due = claim.due_at

    operations.give_back(db_session, claim, actor=reviewer.actor, now=NOW, seen=claim.version)

    assert (claim.reviewer_id, claim.status, claim.due_at) == (None, Status.UNDER_REVIEW, due)
    (event,) = claims_events(db_session, claim, "claim:given-back")
    assert event.data == {"from": reviewer.name}
    with pytest.raises(NotAllowed):
        operations.give_back(db_session, claim, actor=reviewer.actor, now=NOW)
    assert take(other) is claim


@pytest.mark.parametrize("is_disputed", [False, True])
@pytest.mark.parametrize("keeps", ["the reviewer keeps it", "given back", "the reviewer left"])
def test_what_is_resubmitted_is_received_as_that_and_with_the_same_reviewer_only_if_there_is_one(
    db_session: Session, programme: Programme, is_disputed: bool, keeps: str
) -> None:
    claim = (sent_back_in_dispute if is_disputed else claims.partner_action_required)(db_session, programme)
    assert claim.reviewer is not None
    if keeps == "given back":
        operations.give_back(db_session, claim, actor=claim.reviewer.actor, now=NOW)
    elif keeps == "the reviewer left":
        claim.reviewer.active = False
    db_session.flush()
    operations.resubmit(db_session, claim, actor=claim.filed_by.actor, now=NOW, programme=programme)
    said = claims.mail_of(db_session, claim, "claim-received").context
    names = ("is_resubmitted", "is_disputed", "is_anyones")
    assert [said[name] for name in names] == [True, False, keeps != "the reviewer keeps it"]


def test_nobody_is_given_what_another_reviewer_has(
    db_session: Session, programme: Programme, take: Take, reviewer: User, other: User
) -> None:
    claims.under_review(db_session, programme, reviewer=other)
    claim = claims.submitted(db_session, programme)
    operations.assign(db_session, claim, other.id, actor=reviewer.actor, now=NOW)

    assert take() is None
    assert take(other) is claim


def test_what_a_reviewer_who_left_had_is_free(
    db_session: Session, programme: Programme, take: Take, reviewer: User, other: User
) -> None:
    claim = claims.under_review(db_session, programme, reviewer=other)
    other.active = False
    db_session.flush()

    assert take() is claim
    assert claim.reviewer_id == reviewer.id


def test_a_dispute_goes_to_another_reviewer_than_who_rejected(
    db_session: Session, programme: Programme, take: Take, reviewer: User, other: User
) -> None:
    claim = claims.rejected(db_session, programme, reviewer=reviewer)
    operations.dispute(db_session, claim, "No.", actor=claim.filed_by.actor, now=NOW, programme=programme)

    assert take() is None
    assert take(other) is claim


def test_who_rejected_takes_the_dispute_where_nobody_else_is_there(
    db_session: Session, programme: Programme, take: Take, reviewer: User
) -> None:
    claim = claims.rejected(db_session, programme, reviewer=reviewer)
    operations.dispute(db_session, claim, "No.", actor=claim.filed_by.actor, now=NOW, programme=programme)

    assert take() is claim


def test_only_what_fits_the_filters_is_taken(
    db_session: Session, programme: Programme, take: Take, reviewer: User, other: User
) -> None:
    claims.submitted(db_session, programme)
    disputed = claims.rejected(db_session, programme, reviewer=other)
    operations.dispute(db_session, disputed, "No.", actor=disputed.filed_by.actor, now=NOW, programme=programme)

    assert take(area="business-applications") is None
    assert take(disputed=True) is disputed
    assert take(disputed=True) is None
    assert take(area="microsoft-365") is not None


def test_a_partner_takes_nothing(db_session: Session, programme: Programme, take: Take) -> None:
    claim = claims.submitted(db_session, programme)

    with pytest.raises(NotYours):
        take(claim.filed_by)


def test_a_claim_that_another_is_taking_is_passed_over_without_waiting(
    engine: Engine, committed: Session, programme: Programme
) -> None:
    first, second = (claims.submitted(committed, programme, now=NOW - days * DAY) for days in (7, 1))
    rosa, rune = (factories.user(committed, Role.REVIEWER) for _each in range(2))
    committed.commit()
    about = {"now": NOW, "programme": programme}

    with Session(engine) as one, Session(engine) as two:
        taken = operations.take_next(one, actor=rosa.actor, **about)
        meanwhile = operations.take_next(two, actor=rune.actor, **about)  # the first has not committed
        nothing = operations.take_next(two, actor=rune.actor, **about)

        assert (taken and taken.id, meanwhile and meanwhile.id, nothing) == (first.id, second.id, None)
        one.rollback()
        assert operations.take_next(two, actor=rune.actor, **about) is not None, "what was let go is free again"


def test_many_reviewers_at_once_never_take_the_same_claim(
    engine: Engine, committed: Session, programme: Programme
) -> None:
    waiting = {claims.submitted(committed, programme, now=NOW - n * DAY).id for n in range(12)}
    people = [factories.user(committed, Role.REVIEWER).actor for _each in range(4)]
    committed.commit()
    barrier = Barrier(len(people))

    def work(number: int) -> list[int]:
        taken = []
        with Session(engine, expire_on_commit=False) as session:
            barrier.wait(timeout=120)
            for _each in waiting:
                claim = operations.take_next(session, actor=people[number], now=NOW, programme=programme)
                session.commit()
                taken += [claim.id] if claim else []
        return taken

    with ThreadPoolExecutor(len(people)) as pool:
        taken = list(pool.map(work, range(len(people))))

    assert sorted(chain(*taken)) == sorted(waiting)
    for number, ids in enumerate(taken):
        held = committed.query(Claim).filter_by(reviewer_id=people[number].user_id).populate_existing()
        assert {claim.id for claim in held} == set(ids)


def test_a_claim_is_given_to_a_colleague_and_the_history_says_so(
    db_session: Session, programme: Programme, reviewer: User, other: User
) -> None:
    claim = claims.under_review(db_session, programme, reviewer=reviewer)
    due, version = claim.due_at, claim.version

    operations.assign(db_session, claim, other.id, actor=reviewer.actor, now=NOW, seen=version)

    assert (claim.reviewer_id, claim.status, claim.due_at) == (other.id, Status.UNDER_REVIEW, due)
    assert claim.version == version + 1
    (event,) = claims_events(db_session, claim, "claim:assigned")
    assert event.data == {"from": reviewer.name, "to": other.name}
    with pytest.raises(GuardFailed):
        operations.reject(
            db_session, claim, Rejection.MISSING_PRODUCTS, "No.", actor=reviewer.actor, now=NOW, programme=programme
        )


def test_a_claim_is_given_to_nobody_but_another_active_reviewer(
    db_session: Session, programme: Programme, reviewer: User, other: User
) -> None:
    claim = claims.under_review(db_session, programme, reviewer=reviewer)
    other.active = False
    db_session.flush()

    for nobody in (None, 2**62, reviewer.id, other.id, claim.filed_by_id):
        with pytest.raises(Invalid):
            operations.assign(db_session, claim, nobody, actor=reviewer.actor, now=NOW)
    assert assigning.reviewers_for(db_session, claim) == []


def test_a_dispute_is_not_given_to_who_rejected(
    db_session: Session, programme: Programme, reviewer: User, other: User
) -> None:
    claim = claims.rejected(db_session, programme, reviewer=reviewer)
    with pytest.raises(NotAllowed):
        operations.assign(db_session, claim, other.id, actor=other.actor, now=NOW)
    operations.dispute(db_session, claim, "No.", actor=claim.filed_by.actor, now=NOW, programme=programme)

    assert assigning.reviewers_for(db_session, claim) == [other]
    with pytest.raises(GuardFailed):
        operations.assign(db_session, claim, reviewer.id, actor=other.actor, now=NOW)
