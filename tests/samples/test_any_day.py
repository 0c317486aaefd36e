"""Apart from the other tests of the sample, whose open transaction has the same people."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.models import Claim, Event, Mail
from cpor_web.programme import Programme
from cpor_web.proofs import DocumentStore
from cpor_web.rules.statuses import Status
from cpor_web.samples import loading


@pytest.mark.parametrize("day", [5, 9, 25])
def test_it_can_be_loaded_on_any_day(
    db_session: Session, programme: Programme, documents: DocumentStore, day: int, caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime(2026, 12, day, 0, 5, tzinfo=UTC) + timedelta(hours=day)
    loading.load(db_session, programme=programme, documents=documents, now=now)

    assert not caplog.messages  # no step was refused
    assert set(db_session.scalars(select(Claim.status))) == set(Status)
    assert len(db_session.scalars(select(Mail).where(Mail.due_at.is_not(None))).all()) == 1
    assert max(db_session.scalars(select(Event.at))) <= now
