"""A denial that is read and written at once leaves what one leaves that is read object by object."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import DetachedInstanceError

from consent_links import new_id
from cpor_web.consent import answers, at_once
from cpor_web.consent.at_once import Denying
from cpor_web.consent.recording import Outcome
from cpor_web.models import Claim
from cpor_web.programme import Programme
from cpor_web.rules.reasons import Denial, Way
from tests.consent.agreement import assert_agrees
from tests.support import claims
from tests.support.claims import NOW
from tests.support.rows import dump

ABOUT: dict[str, Any] = {"reason": Denial.OTHER, "words": " Never. ", "way": Way.PAGE, "now": NOW + timedelta(days=1)}


def left_by(session: Session, claim: Claim) -> Any:
    """What a denial leaves of a claim, but for what is another claim's in any case."""
    session.expire_all()
    assert_agrees(session, claim)
    (invitation,) = claims.invitations_of(session, claim)
    round_, answer = invitation.round, invitation.answers[-1]
    return (
        (claim.status, claim.status_since, claim.version, claim.rejection, claim.rejection_comment, claim.due_at),
        (claim.dispute_until, claim.dispute_rule, claim.is_disputed, claim.rejected_by_id, claim.rejection_detail),
        (round_.state, round_.closed_at, round_.ends_at),
        (answer.kind, answer.at, answer.way, answer.reason, answer.words, answer.is_late),
    )


def test_both_ways_of_reading_leave_the_same(db_session: Session, programme: Programme) -> None:
    one, other = claims.running(db_session, programme), claims.running(db_session, programme)
    (by_objects,), (by_link,) = (claims.invitations_of(db_session, each) for each in (one, other))

    answers.deny(db_session, by_objects, programme=programme, **ABOUT)
    outcome = at_once.deny(db_session, Denying(by_link.link_id, **ABOUT), programme=programme)
    db_session.flush()

    assert outcome is Outcome.RECORDED
    assert left_by(db_session, one) == left_by(db_session, other)


def test_a_link_that_nobody_was_given_denies_nothing(db_session: Session, programme: Programme) -> None:
    claims.running(db_session, programme)
    db_session.flush()
    before = dump(db_session)

    assert at_once.deny(db_session, Denying(new_id(), **ABOUT), programme=programme) is None
    assert dump(db_session) == before


def test_what_was_not_read_is_not_taken_for_empty(
    db_session: Session, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    (asked,) = claims.invitations_of(db_session, claims.running(db_session, programme))

    def look(_session: Session, invitation: Any, **_about: Any) -> Any:
        return invitation.round.claim.all_contacts

    monkeypatch.setattr(answers, "deny", look)

    with pytest.raises(DetachedInstanceError, match="was not read"):
        at_once.deny(db_session, Denying(asked.link_id, **ABOUT), programme=programme)


# Many together


def denying(claim_links: Sequence[bytes]) -> list[Denying]:
    return [Denying(each, **ABOUT) for each in claim_links]


def links_of(session: Session, *of: Claim) -> list[bytes]:
    return [invitation.link_id for claim in of for invitation in claims.invitations_of(session, claim)]


def test_many_together_leave_what_each_leaves_alone(db_session: Session, programme: Programme) -> None:
    alone, *many = (claims.running(db_session, programme) for _each in range(4))
    (link,) = links_of(db_session, alone)

    at_once.deny(db_session, Denying(link, **ABOUT), programme=programme)
    outcomes = at_once.deny_free(db_session, denying(links_of(db_session, *many)), programme=programme)
    db_session.flush()

    assert outcomes == [Outcome.RECORDED] * 3
    assert [left_by(db_session, each) for each in many] == [left_by(db_session, alone)] * 3


def test_of_one_claim_one_is_recorded_and_the_others_are_left(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    (link,) = links_of(db_session, claim)

    outcomes = at_once.deny_free(db_session, denying([link, link, new_id()]), programme=programme)
    db_session.flush()

    assert outcomes == [Outcome.RECORDED, None, None]
    assert_agrees(db_session, claim)


def test_what_is_read_as_ever_is_left(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    (invitation,) = claims.invitations_of(db_session, claim)
    invitation.superseded_at = NOW
    db_session.flush()
    before = dump(db_session)

    assert at_once.deny_free(db_session, denying([invitation.link_id]), programme=programme) == [None]
    assert dump(db_session) == before


@pytest.mark.parametrize(
    "held",
    [
        "SELECT FROM claims WHERE id = :claim FOR UPDATE",
        "SELECT FROM rounds WHERE claim_id = :claim FOR UPDATE",
        "SELECT FROM history_heads WHERE claim_id = :claim FOR UPDATE",
    ],
)
def test_nobody_is_waited_for(committed: Session, engine: Engine, programme: Programme, held: str) -> None:
    busy, free = claims.running(committed, programme), claims.running(committed, programme)
    links = links_of(committed, busy, free)
    committed.commit()
    with engine.connect() as other:
        other.execute(text(held), {"claim": busy.id})
        committed.execute(text("SET LOCAL statement_timeout = '20s'"))

        outcomes = at_once.deny_free(committed, denying(links), programme=programme)
        committed.commit()

    assert outcomes == [None, Outcome.RECORDED]
    for each in (busy, free):
        assert_agrees(committed, each)


def test_where_one_raises_nothing_of_all_is_done(
    committed: Session, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = links_of(committed, *(claims.running(committed, programme) for _each in range(2)))
    committed.commit()
    before, deny, came = dump(committed), answers.deny, list[bytes]()

    def break_the_second(session: Session, invitation: Any, **about: Any) -> Outcome:
        came.append(invitation.link_id)
        if len(came) == 2:
            raise ValueError("the second")
        return deny(session, invitation, **about)

    monkeypatch.setattr(answers, "deny", break_the_second)
    with pytest.raises(ValueError, match="the second"):
        at_once.deny_free(committed, denying(links), programme=programme)
    committed.rollback()

    assert came == links
    assert dump(committed) == before
