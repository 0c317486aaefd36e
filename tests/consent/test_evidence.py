"""What a consent record takes over of servers' words and of the access log."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from cpor_web.consent.evidence import MOST_OPENINGS, mails, openings
from cpor_web.emails.outcomes import codes_of
from cpor_web.history.chain import moment
from cpor_web.models import Client, Opening
from cpor_web.programme import Programme
from tests.support import claims
from tests.support.claims import NOW, invitations_of


def test_of_very_many_openings_the_first_are_listed_and_all_are_counted(
    db_session: Session, programme: Programme
) -> None:
    (invitation,) = invitations_of(db_session, claims.running(db_session, programme))
    about = {"invitation_id": invitation.id, "page": "d", "method": "GET", "client": Client.BROWSER}
    db_session.add_all(Opening(at=NOW, **about) for _ in range(MOST_OPENINGS + 7))
    db_session.flush()

    told = openings(db_session, invitation, in_full=False)

    assert (told["count"], len(told["first"])) == (MOST_OPENINGS + 7, MOST_OPENINGS)


def test_of_a_replaced_contacts_presses_the_partner_learns_nothing(db_session: Session, programme: Programme) -> None:
    (invitation,) = invitations_of(db_session, claims.running(db_session, programme))
    invitation.superseded_at = NOW + timedelta(days=1)
    about = {"invitation_id": invitation.id, "method": "POST", "client": Client.MAIL_CLIENT}
    for days in (0, 2):
        for page in "do":
            db_session.add(Opening(at=NOW + timedelta(days=days), page=page, **about))
    db_session.flush()

    assert openings(db_session, invitation, in_full=True)["count"] == 4
    told = openings(db_session, invitation, in_full=False)
    assert told == {"count": 1, "first": [{"at": moment(NOW), "page": "d", "client": "mail-client"}]}


def test_the_message_id_is_for_the_operator_alone(db_session: Session, programme: Programme) -> None:
    (invitation,) = invitations_of(db_session, claims.running(db_session, programme))
    (in_full,), (told,) = (mails(db_session, invitation, in_full=each) for each in (True, False))
    assert in_full["message_id"].startswith("<")
    assert told == {name: in_full[name] for name in in_full if name not in {"message_id", "answer"}} | {
        "answer": "250 2.0.0"
    }


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        ("250 2.0.0 Ok: queued as 4D2", "250 2.0.0"),
        ("550 5.1.1 <carla@contoso.example.com>: no such mailbox", "550 5.1.1"),
        ("550-5.7.1 Blocked", "550 5.7.1"),
        ("451 later, 10.2.3.4 is busy", "451"),
        ("carla.conti is unknown at 192.5.1.1", ""),
        ("given up after 48 hours: 451 4.7.1 greylisted", "4.7.1"),
        ("2500 carla", ""),
        ("", ""),
    ],
)
def test_of_a_servers_words_only_the_codes_are_told(answer: str, codes: str) -> None:
    assert codes_of(answer) == codes
