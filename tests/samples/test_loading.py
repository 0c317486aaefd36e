from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from cpor_web import clock
from cpor_web.models import (
    Answer,
    AnswerKind,
    Assessment,
    AssessmentState,
    Claim,
    Document,
    Event,
    Mail,
    MailState,
    Note,
    Round,
    RoundState,
    User,
)
from cpor_web.programme import Programme
from cpor_web.proofs import DocumentStore
from cpor_web.rules.reasons import Rejection
from cpor_web.rules.statuses import Status
from cpor_web.samples import loading
from cpor_web.samples.stories import STORIES

NOW = datetime(2026, 11, 19, 13, 0, tzinfo=UTC)
"""An ordinary Thursday."""


@pytest.fixture(scope="module")
def sample(engine: Engine, programme: Programme, documents: DocumentStore) -> Iterator[Session]:
    """The sample, loaded once for these tests, which only read."""
    with Session(engine) as session:
        loading.load(session, programme=programme, documents=documents, now=NOW)
        session.flush()
        yield session
        session.rollback()


def count(session: Session, column: object) -> Counter:
    return Counter(session.scalars(select(column)))


def test_every_story_is_told_to_its_end(sample: Session) -> None:
    assert len(sample.scalars(select(Claim)).all()) == len(STORIES)
    kinds = count(sample, Event.kind)
    for kind in (
        "consent:undone",
        "claim:disputed",
        "claim:lapsed",
        "claim:withdrawn",
        "contact:proposed",
        "claim:edited",
    ):
        assert kinds[kind], kind


def test_every_status_rejection_round_and_answer_can_be_seen(sample: Session) -> None:
    assert set(count(sample, Claim.status)) == set(Status)
    assert set(count(sample, Claim.rejection)) - {None} == set(Rejection)
    assert set(count(sample, Round.state)) >= {
        RoundState.WAITING,
        RoundState.RUNNING,
        RoundState.STOPPED,
        RoundState.PASSED,
        RoundState.DENIED,
    }
    assert set(count(sample, Answer.kind)) >= {AnswerKind.DENIED, AnswerKind.UNDONE, AnswerKind.NO_OBJECTION}
    assert set(count(sample, Assessment.state)) == {AssessmentState.ELIGIBLE, AssessmentState.NOT_ELIGIBLE}
    assert sample.scalars(select(Note)).all()


def test_one_claims_notice_waits_and_nothing_else_is_to_be_sent(sample: Session) -> None:
    due = sample.scalars(select(Mail).where(Mail.due_at.is_not(None))).all()

    assert [mail.kind for mail in due] == ["consent-notice"]
    waiting = sample.scalars(select(Claim).join(Round).where(Round.state == RoundState.WAITING)).all()
    assert [claim.id for claim in waiting] == [due[0].claim_id]
    assert set(count(sample, Mail.state)) == {MailState.QUEUED, MailState.SENT, MailState.REFUSED}


def test_nothing_happens_in_the_future_and_history_is_in_the_order_of_time(sample: Session) -> None:
    events = sample.scalars(select(Event).order_by(Event.id)).all()

    assert max(event.at for event in events) <= NOW
    assert all(later.at - earlier.at > timedelta(minutes=-1) for earlier, later in pairwise(events))


def test_there_is_overdue_work_and_a_deadline_of_tomorrow(sample: Session) -> None:
    overdue = sample.scalars(select(Claim).where(Claim.due_at < NOW)).all()
    assert {claim.status for claim in overdue} == {Status.SUBMITTED, Status.UNDER_REVIEW}

    waiting = sample.scalars(select(Claim.due_at).where(Claim.status == Status.PARTNER_ACTION_REQUIRED)).all()
    assert min(waiting) < NOW + timedelta(days=1, hours=12)


def test_every_proof_is_a_stored_pdf(sample: Session, documents: DocumentStore) -> None:
    found = sample.scalars(select(Document)).all()
    assert found
    for document in found:
        assert document.media_type == "application/pdf"
        assert b"".join(documents.open(document.sha256)).startswith(b"%PDF-")


def test_a_second_load_does_nothing(sample: Session, programme: Programme, documents: DocumentStore) -> None:
    before = len(sample.scalars(select(Event)).all())

    assert not loading.load(sample, programme=programme, documents=documents, now=clock.utcnow())
    assert len(sample.scalars(select(Event)).all()) == before


def test_a_consent_period_is_closed_in_the_night_in_which_it_ends(sample: Session) -> None:
    passed = sample.scalars(select(Round).where(Round.state == RoundState.PASSED)).all()
    assert len(passed) >= 7
    for each in passed:
        assert each.closed_at is not None
        assert each.ends_at is not None
        assert timedelta(0) < each.closed_at - each.ends_at < timedelta(hours=2), each.claim.name


def test_whoever_did_something_has_signed_in(sample: Session) -> None:
    doers = set(sample.scalars(select(Event.user_id).where(Event.user_id.is_not(None))))
    assert doers
    never = select(User.name).where(User.id.in_(doers), User.last_sign_in_at.is_(None))
    assert sample.scalars(never).all() == []
