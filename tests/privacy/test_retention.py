"""What was kept long enough is erased, what runs or stands never, and the history stays verifiable."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

import jobs.retention
from cpor_web import verification
from cpor_web.claims import operations
from cpor_web.claims.drafts import Draft
from cpor_web.config import Settings
from cpor_web.consent import record, sealing
from cpor_web.emails.catalogue import to_customer, to_partner, to_people
from cpor_web.history import checkpoints
from cpor_web.keys.signing import SigningKeys
from cpor_web.models import (
    ERASED,
    Claim,
    Client,
    Document,
    Erasure,
    Event,
    Heartbeat,
    Mail,
    MailState,
    Opening,
)
from cpor_web.privacy import retention
from cpor_web.programme import Programme
from cpor_web.rules.exc import NotAllowed
from tests.support import claims, factories
from tests.support.claims import NOW
from tests.support.one_mail import newest
from tests.support.rows import changed, dump

YEARS = NOW + timedelta(days=1200)
CARLA = "carla@contoso.example.com"


def all_sent(session: Session) -> None:
    """Let every mail have got through."""
    session.flush()
    session.execute(
        update(Mail)
        .where(Mail.due_at.is_not(None))
        .values(state=MailState.SENT, sent_at=NOW, ended_at=NOW, due_at=None, leased_until=None)
    )
    session.expire_all()


def erase_all(session: Session, settings: Settings, now: datetime = YEARS) -> dict[str, int]:
    found = {}
    for name in retention.retentions(settings):
        found[name] = retention.erase_due(session, name, settings=settings, now=now, most=100)
    session.flush()
    session.expire_all()
    return {name: count for name, count in found.items() if count}


def test_a_claim_that_ended_long_ago_names_nobody_any_more_and_its_history_verifies(
    db_session: Session, programme: Programme, settings: Settings
) -> None:
    claim = claims.denied(db_session, programme)
    operations.comment(db_session, claim, f"Ask {CARLA}.", actor=claim.filed_by.actor, now=NOW, programme=programme)
    operations.note(db_session, claim, "Carla Conti is new.", actor=claim.reviewer.actor, now=NOW)  # type: ignore[union-attr]
    all_sent(db_session)
    keys = SigningKeys(settings.signing_keys)
    checkpoints.take_due(db_session, keys=keys, now=NOW, every=timedelta(0))
    before = record.record_of(db_session, claim, record.Copy.OPERATOR, now=NOW, programme=programme)
    sealed = json.dumps(sealing.seal(before, keys)).encode()

    assert erase_all(db_session, settings) == {"people of ended claims": 1, "documents of ended claims": 1}

    kept = str(dump(db_session) | {"users": [], "partners": []})
    for word in (CARLA, "Carla Conti", "Head of IT", claim.filed_by.email):
        assert word not in kept
    report = verification.verify(db_session.connection(), folder=None, public=keys.public)
    assert report.findings == []
    assert report.erased == report.events - 1
    after = record.record_of(db_session, claim, record.Copy.OPERATOR, now=YEARS, programme=programme)
    (old,), (new,) = before["rounds"][0]["contacts"], after["rounds"][0]["contacts"]
    assert old["address_digest"]
    assert (new["address_digest"], new["address"]) == (None, ERASED)
    assert [each["link"] for each in after["rounds"][0]["events"]] == [
        each["link"] for each in before["rounds"][0]["events"]
    ]
    assert sealing.read(sealed, keys.public).record == before
    erasures = db_session.execute(select(Erasure.what, Erasure.count, Erasure.why)).all()
    assert len(erasures) == 2


def test_one_day_before_its_time_nothing_is_erased_and_a_second_run_finds_nothing(
    db_session: Session, programme: Programme, settings: Settings
) -> None:
    claims.rejected(db_session, programme)
    all_sent(db_session)
    end = NOW + timedelta(days=settings.keep_people_days)
    assert erase_all(db_session, settings, end - timedelta(seconds=1)) == {}
    assert set(erase_all(db_session, settings, end)) == {"people of ended claims", "documents of ended claims"}
    assert erase_all(db_session, settings, end + timedelta(days=1)) == {}


@pytest.mark.parametrize(
    "make", [claims.submitted, claims.under_review, claims.partner_action_required, claims.approved, claims.running]
)
def test_what_is_open_or_stands_is_never_touched(
    make: object, db_session: Session, programme: Programme, settings: Settings
) -> None:
    make(db_session, programme)  # type: ignore[operator]
    all_sent(db_session)
    before = dump(db_session)
    assert erase_all(db_session, settings) == {}
    assert changed(before, dump(db_session)) == []


@pytest.mark.parametrize(
    "waits",
    [
        "UPDATE claims SET dispute_until = '2099-01-01', dispute_rule = '{}'",
        "UPDATE rounds SET ends_at = '2099-01-01'",
        "UPDATE mails SET state = 'queued', due_at = now(), sent_at = NULL WHERE id = (SELECT max(id) FROM mails)",
        "INSERT INTO assessments (claim_id, round_id, state, queued_at)"
        " SELECT claim_id, id, 'queued', now() FROM rounds",
        "INSERT INTO received_mails (received_at, digest, kind, mail_id, raw)"
        " SELECT now(), sha256('x'), 'reply', id, 'x' FROM mails LIMIT 1",
    ],
)
def test_nothing_is_erased_while_something_of_the_claim_runs_or_waits(
    waits: str, db_session: Session, programme: Programme, settings: Settings
) -> None:
    claims.denied(db_session, programme)
    all_sent(db_session)
    db_session.execute(text(waits))
    assert erase_all(db_session, settings) == {}


def test_a_result_that_will_never_come_keeps_nothing_from_being_erased(
    db_session: Session, programme: Programme, settings: Settings
) -> None:
    """The association had ended before it was assessed."""
    claims.denied(db_session, programme)
    all_sent(db_session)
    queued = "INSERT INTO assessments (claim_id, round_id, state, queued_at, ended_at)"
    db_session.execute(text(f"{queued} SELECT claim_id, id, 'queued', now(), now() FROM rounds"))
    assert "people of ended claims" in erase_all(db_session, settings)


def test_a_draft_that_nobody_changed_for_long_is_deleted_with_what_its_history_tells(
    db_session: Session, programme: Programme, settings: Settings
) -> None:
    old = claims.editing(db_session, programme)
    young = claims.editing(db_session, programme, now=NOW + timedelta(days=1))
    at = NOW + timedelta(days=settings.keep_draft_days)
    assert erase_all(db_session, settings, at) == {"abandoned drafts": 1}
    assert (old.deleted_at, old.erased_at, old.customer_name, old.contacts) == (at, at, None, [])
    assert young.deleted_at is None
    assert db_session.scalar(select(func.count()).where(Document.claim_id == old.id)) == 0
    said = db_session.scalars(select(Event.actor).where(Event.claim_id == old.id, Event.kind != "history:erased"))
    assert set(said) == {ERASED}


def test_mails_of_no_claim_go_and_cannot_be_sent_again(
    db_session: Session, programme: Programme, settings: Settings
) -> None:
    reviewer = factories.user(db_session)
    to_people.invitation(db_session, reviewer, now=NOW, programme=programme)
    mail = newest(db_session)
    all_sent(db_session)
    assert erase_all(db_session, settings) == {"mails of no claim": 1}
    assert (mail.to_address, mail.to_name, mail.context, mail.erased_at) == (ERASED, "", {}, YEARS)


def test_a_mail_that_was_erased_is_not_sent_again(
    db_session: Session, programme: Programme, settings: Settings
) -> None:
    claim = claims.rejected(db_session, programme)
    assert claim.reviewer is not None
    all_sent(db_session)
    erase_all(db_session, settings)
    with pytest.raises(NotAllowed, match="was erased"):
        operations.send_again(
            db_session, claims.mail_of(db_session, claim, "rejected"), actor=claim.reviewer.actor, now=YEARS
        )


def test_what_is_still_to_be_told_reaches_who_filed_and_never_an_erased_customer(
    db_session: Session, programme: Programme, settings: Settings
) -> None:
    claim = claims.denied(db_session, programme)
    all_sent(db_session)
    erase_all(db_session, settings)
    (invitation,) = claims.invitations_of(db_session, claim)
    to_customer.association_ended(db_session, claim, invitation, now=YEARS, programme=programme)
    told = newest(db_session)
    assert (told.state, told.due_at, told.needs_a_person) == (MailState.REFUSED, None, False)
    to_partner.rejected(db_session, claim, event="reject", data={}, now=YEARS, programme=programme)
    assert newest(db_session).to_address == claim.filed_by.email


def test_a_new_claim_from_an_erased_one_lacks_its_people(
    db_session: Session, programme: Programme, settings: Settings
) -> None:
    claim = claims.rejected(db_session, programme)
    all_sent(db_session)
    erase_all(db_session, settings)
    for is_same in (True, False):
        draft = Draft.anew(claim, is_same_customer=is_same)
        assert (draft.partner_contact_email, draft.contact.email, draft.second.email) == ("", "", "")


def test_the_access_log_goes_once_it_is_old_and_the_database_keeps_a_young_one(
    db_session: Session, programme: Programme, settings: Settings
) -> None:
    (invitation,) = claims.invitations_of(db_session, claims.running(db_session, programme))
    about = {"invitation_id": invitation.id, "page": "d", "method": "GET", "client": Client.BROWSER}
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    db_session.add_all([Opening(at=long_ago, **about), Opening(at=datetime.now(UTC), **about)])
    db_session.flush()
    assert erase_all(db_session, settings, NOW) == {"openings of customers' pages": 1}
    with pytest.raises(DBAPIError, match="rows of openings are only added"), db_session.begin_nested():
        db_session.execute(text("DELETE FROM openings"))


@pytest.mark.parametrize("sql", ["SET words = 'No'", "SET words = '', at = now()", "SET kind = kind"])
def test_of_an_answer_nothing_changes_but_that_its_words_go(
    sql: str, db_session: Session, programme: Programme
) -> None:
    claims.denied(db_session, programme)
    db_session.flush()
    with pytest.raises(DBAPIError, match="rows of answers are only added"), db_session.begin_nested():
        db_session.execute(text(f"UPDATE answers {sql}"))


def test_the_job_erases_in_batches_once_a_day(
    app: Flask, committed: Session, programme: Programme, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs.retention, "app", lambda: app)
    monkeypatch.setattr(jobs.retention, "MOST", 2)
    monkeypatch.setitem(app.extensions, "settings", replace(settings, keep_people_days=1, keep_proof_days=1))
    long_ago = NOW - timedelta(days=400)
    for _ in range(3):
        claims.rejected(committed, programme, now=long_ago)
    all_sent(committed)
    committed.commit()
    jobs.retention.erase()
    committed.expire_all()
    assert committed.scalar(select(func.count()).where(Claim.erased_at.is_not(None))) == 3
    counts = select(Erasure.count).where(Erasure.what == "people of ended claims").order_by(Erasure.id)
    assert committed.scalars(counts).all() == [2, 1]
    claims.rejected(committed, programme, now=long_ago)
    all_sent(committed)
    committed.commit()
    jobs.retention.erase()
    assert committed.scalars(counts).all() == [2, 1], "it ran twice on a day"
    committed.execute(update(Heartbeat).where(Heartbeat.name == jobs.retention.ERASED).values(at=long_ago))
    committed.commit()
    jobs.retention.erase()
    assert committed.scalars(counts).all() == [2, 1, 1]
