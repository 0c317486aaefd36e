"""What is said about a claim, or sent, after its people were erased is erased too, each in its own time."""

from datetime import timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import operations
from cpor_web.config import Settings
from cpor_web.emails.catalogue import to_partner
from cpor_web.models import ERASED, Comment, Event, Note
from cpor_web.programme import Programme
from tests.privacy.test_retention import CARLA, YEARS, all_sent, erase_all
from tests.support import claims
from tests.support.one_mail import newest
from tests.support.rows import dump


def test_what_is_said_about_a_claim_after_its_people_were_erased_is_erased_in_its_time(
    db_session: Session, programme: Programme, settings: Settings
) -> None:
    claim = claims.denied(db_session, programme)
    all_sent(db_session)
    erase_all(db_session, settings)
    assert claim.reviewer is not None
    operations.comment(db_session, claim, f"Ask {CARLA}.", actor=claim.reviewer.actor, now=YEARS, programme=programme)
    operations.note(db_session, claim, f"Ask {CARLA}.", actor=claim.reviewer.actor, now=YEARS - timedelta(seconds=1))
    all_sent(db_session)
    end = YEARS + timedelta(days=settings.keep_people_days)
    assert erase_all(db_session, settings, end - timedelta(seconds=2)) == {}
    assert erase_all(db_session, settings, end) == {"people of ended claims": 1}
    assert claim.erased_at == end
    kept = dump(db_session)
    assert CARLA not in str(kept)
    assert erase_all(db_session, settings, end + timedelta(days=1)) == {}


def test_what_was_said_lately_is_not_erased_with_what_was_said_long_ago(
    db_session: Session, programme: Programme, settings: Settings
) -> None:
    claim = claims.denied(db_session, programme)
    all_sent(db_session)
    erase_all(db_session, settings)
    assert claim.reviewer is not None
    end = YEARS + timedelta(days=settings.keep_people_days)
    late = end - timedelta(days=1)
    operations.note(db_session, claim, "Said first.", actor=claim.reviewer.actor, now=YEARS)
    for say in (operations.note, partial(operations.comment, programme=programme)):
        say(db_session, claim, f"Ask {CARLA}.", actor=claim.reviewer.actor, now=late)
    all_sent(db_session)
    mail = newest(db_session)
    assert erase_all(db_session, settings, end) == {"people of ended claims": 1}
    said = select(Note.body).where(Note.claim_id == claim.id).order_by(Note.id)
    assert db_session.scalars(said).all() == [ERASED, f"Ask {CARLA}."]
    assert db_session.scalars(select(Comment.body).where(Comment.at == late)).all() == [f"Ask {CARLA}."]
    assert (mail.to_address, mail.erased_at) == (claim.filed_by.email, None)
    actors = select(Event.actor).where(Event.claim_id == claim.id, Event.at == late)
    assert set(db_session.scalars(actors)) == {claim.reviewer.name}
    in_time = late + timedelta(days=settings.keep_people_days)
    assert erase_all(db_session, settings, in_time - timedelta(seconds=1)) == {}
    assert erase_all(db_session, settings, in_time) == {"people of ended claims": 1}
    assert CARLA not in str(dump(db_session))
    assert (mail.to_address, mail.erased_at) == (ERASED, in_time)
    assert erase_all(db_session, settings, in_time + timedelta(days=1)) == {}


def test_a_mail_that_went_out_after_its_claims_people_were_erased_is_erased_in_its_time(
    db_session: Session, programme: Programme, settings: Settings
) -> None:
    """No event has its moment."""
    claim = claims.rejected(db_session, programme)
    all_sent(db_session)
    erase_all(db_session, settings)
    to_partner.rejected(db_session, claim, event="reject", data={}, now=YEARS, programme=programme)
    all_sent(db_session)
    end = YEARS + timedelta(days=settings.keep_people_days)
    assert erase_all(db_session, settings, end - timedelta(seconds=1)) == {}
    assert erase_all(db_session, settings, end) == {"people of ended claims": 1}
    assert newest(db_session).to_address == ERASED
    assert erase_all(db_session, settings, end + timedelta(days=1)) == {}
