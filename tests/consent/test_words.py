"""What a consent record says in words."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from cpor_web import history_words
from cpor_web.consent import answers, record, stops
from cpor_web.consent.words import parts_of
from cpor_web.models import Event
from cpor_web.programme import Programme
from cpor_web.rules.roles import Role
from tests.support import claims
from tests.support.claims import NOW, invitations_of, mail_of

WORDS = "550 5.1.1 <carla@contoso.example.com>: gone"


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (stops.NOT_DELIVERED, "a notice could not be delivered"),
        (stops.WRONG_PERSON, "the contact is not the right person"),
        (stops.DENIED_BY_REPLACED, "a reviewer looks into it"),
    ],
)
def test_a_stopped_round_says_why(
    app: Flask, db_session: Session, programme: Programme, why: str, words: str
) -> None:
    claim = claims.running(db_session, programme)
    (invitation,) = invitations_of(db_session, claim)
    about = {"now": NOW + timedelta(hours=1), "programme": programme}
    if why == stops.NOT_DELIVERED:
        stops.notice_failed(db_session, mail_of(db_session, claim, "consent-notice"), **about)
    elif why == stops.WRONG_PERSON:
        answers.not_the_right_person(db_session, invitation, **about)
    else:
        stops.stop(db_session, claim, invitation.round, now=about["now"], why=why)
    db_session.flush()
    db_session.expire_all()
    told = record.record_of(db_session, claim, record.Copy.PARTNER, **about)
    with app.test_request_context():
        lines = dict(parts_of(told)[1].lines[:1])
    assert words in lines["Result"]


@pytest.mark.parametrize(
    ("answer", "for_reviewer", "lines"),
    [
        (WORDS, True, [f"Answer of the mail server: {WORDS}"]),
        (WORDS, False, ["Answer of the mail server: 550 5.1.1"]),
        ("we hate you", False, []),
    ],
)
def test_a_partner_reads_the_codes_of_a_mail_servers_words_and_a_reviewer_all(
    app: Flask, programme: Programme, answer: str, for_reviewer: bool, lines: list[str]
) -> None:
    data = {"answer": answer}
    event = Event(kind="mail:bounced", role=Role.SYSTEM, actor="system", data=data, salt=b"0" * 16, at=NOW)
    with app.test_request_context():
        assert history_words.details(event, programme.catalogue, for_reviewer=for_reviewer) == lines
