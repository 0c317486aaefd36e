"""Pages of lists: they neither lose nor repeat a claim, and are in the order of the whole."""

import pytest
from sqlalchemy.orm import Session

from cpor_web.claims.way import Who
from cpor_web.lists import own, review_queue
from cpor_web.lists.own import Sort, Wanted
from cpor_web.models import User
from cpor_web.programme import Programme
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from tests.support import claims, factories
from tests.support.claims import NOW
from tests.support.situations import LATER, SITUATIONS, exported, objects


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_a_first_page_that_is_told_what_must_be_done_is_the_same(
    db_session: Session, programme: Programme, filer: User, size: int
) -> None:
    for make in SITUATIONS:
        make(db_session, programme, filer=filer)
    db_session.flush()
    must_act = own.waiting(db_session, filer.actor, now=LATER).must_act
    assert must_act == 3
    untold = own.dashboard(db_session, filer.actor, now=LATER, size=size)
    for told in (must_act, 1000):  # be it that it was more a moment ago
        assert own.dashboard(db_session, filer.actor, now=LATER, size=size, must_act=told) == untold


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("sort", list(Sort))
def test_the_pages_have_every_claim_once_in_the_order_of_the_whole_also_with_equal_keys(
    db_session: Session, programme: Programme, filer: User, sort: Sort, size: int
) -> None:
    for make in (claims.editing, claims.submitted, claims.partner_action_required, claims.rejected, claims.running):
        for _ in range(2):  # the same moments, the same customer: only the claim itself tells them apart
            make(db_session, programme, filer=filer)
    wanted = Wanted(sort=sort)
    whole = exported(db_session, filer.actor, wanted)
    forwards, after = [], ""
    while True:
        page = own.dashboard(db_session, filer.actor, wanted, now=LATER, size=size, after=after)
        assert bool(page.before) == bool(after)
        forwards.append(page.rows)
        if page.after is None:
            break
        after = page.after
    assert objects(db_session, [line for rows in forwards for line in rows]) == whole
    assert len(whole) == 10
    backwards = [page.rows]
    while page.before:
        page = own.dashboard(db_session, filer.actor, wanted, now=LATER, size=size, before=page.before)
        backwards.insert(0, page.rows)
    assert backwards == forwards


@pytest.mark.parametrize("who", [None, Who.PARTNER, Who.REVIEWER])
@pytest.mark.parametrize("sort", [Sort.URGENT, Sort.DUE])
def test_every_claim_is_once_on_the_pages_whatever_it_is_up_to(
    db_session: Session, programme: Programme, filer: User, sort: Sort, who: Who | None
) -> None:
    made = [make(db_session, programme, filer=filer) for make in SITUATIONS]
    db_session.flush()
    whole = exported(db_session, filer.actor, Wanted(sort=sort, who=who))
    assert len(whole) == len(made) if who is None else 0 < len(whole) < len(made)
    rows, after = [], ""
    while not rows or after:
        page = own.dashboard(db_session, filer.actor, Wanted(sort=sort, who=who), now=LATER, size=3, after=after)
        rows, after = [*rows, *page.rows], page.after or ""
    assert objects(db_session, rows) == whole


def test_a_claim_that_comes_meanwhile_moves_no_other_to_a_page_that_was_read(
    db_session: Session, programme: Programme, filer: User
) -> None:
    made = [claims.editing(db_session, programme, filer=filer) for _ in range(4)]
    wanted = Wanted(sort=Sort.NEWEST)
    first = own.dashboard(db_session, filer.actor, wanted, now=LATER, size=2)
    claims.editing(db_session, programme, filer=filer)
    second = own.dashboard(db_session, filer.actor, wanted, now=LATER, size=2, after=first.after or "")
    assert objects(db_session, first.rows + second.rows) == made[::-1]


def test_the_queue_has_pages_too(db_session: Session, programme: Programme) -> None:
    made = [claims.submitted(db_session, programme) for _ in range(3)]
    actor = factories.user(db_session, Role.REVIEWER).actor
    first = review_queue.page(db_session, actor, now=NOW, size=2)
    second = review_queue.page(db_session, actor, now=NOW, size=2, after=first.after or "")
    assert [claim.id for claim in first.rows + second.rows] == [claim.id for claim in made]
    assert (len(first.rows), len(second.rows)) == (2, 1)
    assert review_queue.page(db_session, actor, now=NOW, size=2, before=second.before or "") == first


@pytest.mark.parametrize("status", [Status.APPROVED, Status.REJECTED])
def test_decided_claims_of_the_queue_come_newest_first_page_by_page_both_ways(
    db_session: Session, programme: Programme, status: Status
) -> None:
    make = claims.approved if status is Status.APPROVED else claims.rejected
    made = [make(db_session, programme) for _ in range(3)]
    actor, wanted = factories.user(db_session, Role.REVIEWER).actor, review_queue.Wanted(status=status)
    first = review_queue.page(db_session, actor, wanted, now=NOW, size=2)
    second = review_queue.page(db_session, actor, wanted, now=NOW, size=2, after=first.after or "")
    assert [claim.id for claim in first.rows + second.rows] == [claim.id for claim in reversed(made)]
    assert second.after is None
    assert review_queue.page(db_session, actor, wanted, now=NOW, size=2, before=second.before or "") == first
