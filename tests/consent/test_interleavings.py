"""Denying, undoing, closing, stopping and giving up, in every order and in every overlap: always one story."""

from itertools import permutations, product

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from cpor_web.programme import Programme
from tests.consent.told import VERBS, Played, Story
from tests.support.overlapping import Overlap
from tests.support.rows import dump


@pytest.mark.parametrize("order", list(permutations(VERBS)), ids="-".join)
def test_in_every_order_there_is_one_story(order: tuple[str, ...], db_session: Session, programme: Programme) -> None:
    played, story = Played(db_session, programme), Story()
    for name in order:
        before = dump(db_session)
        assert played.verb(name)(db_session) == story.tell(name), f"{name} of {order}, after {story.words}"
        played.assert_told(story, before, dump(db_session))


@pytest.mark.parametrize("is_denied", [False, True], ids=["running", "denied"])
@pytest.mark.parametrize("commits", [True, False], ids=["commits", "dies"])
@pytest.mark.parametrize(("first", "second"), list(product(VERBS, VERBS)))
def test_in_every_overlap_the_second_does_what_it_does_once_the_first_is_over(
    first: str, second: str, commits: bool, is_denied: bool, committed: Session, overlap: Overlap
) -> None:
    played, story = Played(committed, overlap.programme), Story()
    if is_denied:
        assert played.verb("deny")(committed) == story.tell("deny")
    committed.commit()
    before = dump(committed)
    committed.rollback()

    did = overlap.run(played.verb(first), played.verb(second), commits=commits)

    assert did[0] == (story if commits else Story(**vars(story))).tell(first)
    assert did[1] == story.tell(second), f"{second} after {story.words}"
    played.assert_told(story, before, dump(committed))


@pytest.fixture
def overlap(engine: Engine, programme: Programme) -> Overlap:
    return Overlap(engine, programme)
