"""Who is told in the stead of a partner contact whom a mail that was sent again did not reach."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.claims import bouncing, contacts, operations, posting
from cpor_web.consent import answers
from cpor_web.emails.outcomes import Accepted, Outcome, Permanent
from cpor_web.models import Claim, Mail
from cpor_web.programme import Programme
from cpor_web.rules.roles import Role
from tests.support import claims, factories
from tests.support.claims import NOW
from tests.support.one_mail import words_of

LATER = NOW + timedelta(days=1)
REFUSED = Permanent("550 5.1.1 Nobody of that name")
COPY = "This is a copy of our mail"


class Asked:
    """A partner who is asked for something, whose contact is at an address that nobody else there has."""

    def __init__(self, session: Session, programme: Programme, kind: str) -> None:
        self.session, self.programme, self.kind = session, programme, kind
        if kind == "information-requested":
            self.claim: Claim = claims.partner_action_required(session, programme, is_told=False)
        else:
            self.claim = claims.running(session, programme)
            (invitation,) = claims.invitations_of(session, self.claim)
            answers.not_the_right_person(session, invitation, now=NOW, programme=programme)
        self.first = claims.mail_of(session, self.claim, kind)
        self.claim.partner_contact_email = self.first.to_address = "gone@elsewhere.example.org"

    def settle(self, mail: Mail, outcome: Outcome) -> None:
        posting.begin(self.session, mail.id, now=LATER, programme=self.programme)
        posting.settle(self.session, mail.id, outcome, now=LATER, programme=self.programme)

    def lose(self) -> None:
        """Let nobody know whether the first mail was delivered."""
        posting.begin(self.session, self.first.id, now=NOW, programme=self.programme)
        assert posting.lose(
            self.session, self.first.id, why="The answer was lost.", now=NOW, programme=self.programme
        )

    def sent_again(self) -> Mail:
        reviewer = factories.user(self.session, Role.REVIEWER).actor
        return operations.send_again(self.session, self.first, actor=reviewer, now=LATER)

    def told_instead(self) -> Mail:
        """Return the one mail to who filed the claim."""
        mine = select(Mail).where(Mail.claim_id == self.claim.id, Mail.kind == self.kind, Mail.user_id.is_not(None))
        told = self.session.scalars(mine).one()
        assert told.to_address == self.claim.filed_by.email
        return told


@pytest.fixture(params=["information-requested", "contact-needed"])
def asked(request: pytest.FixtureRequest, db_session: Session, programme: Programme) -> Asked:
    return Asked(db_session, programme, request.param)


def test_whose_time_begins_with_their_mail_does_not_read_that_none_does(asked: Asked) -> None:
    asked.lose()
    asked.settle(asked.sent_again(), REFUSED)
    said = words_of(asked.told_instead())
    assert COPY not in said
    assert "its mail did not reach the partner contact" in said


def test_nor_do_they_where_the_copy_was_taken_and_came_back(asked: Asked) -> None:
    asked.lose()
    again = asked.sent_again()
    asked.settle(again, Accepted("250 Ok"))
    assert COPY in words_of(again)
    assert bouncing.bounced(asked.session, again.id, "5.1.1 Nobody", now=LATER, programme=asked.programme)
    assert COPY not in words_of(asked.told_instead())


def test_whose_time_runs_since_an_earlier_mail_reads_that_it_does_not_begin_anew(asked: Asked) -> None:
    asked.settle(asked.first, Accepted("250 Ok"))
    asked.settle(asked.sent_again(), REFUSED)
    assert COPY in words_of(asked.told_instead())


@pytest.mark.parametrize("comes_back", [False, True], ids=["refused", "came back"])
@pytest.mark.parametrize("is_needed_again", [False, True], ids=["goes on", "stands still again"])
def test_those_who_were_asked_for_a_contact_instead_read_that_none_is_needed_any_more(
    db_session: Session, programme: Programme, comes_back: bool, is_needed_again: bool
) -> None:
    asked = Asked(db_session, programme, "contact-needed")
    asked.settle(asked.first, REFUSED)
    reviewer = factories.user(db_session, Role.REVIEWER).actor
    about: dict[str, Any] = {"now": LATER, "programme": programme}
    contacts.let_go_on(db_session, asked.claim, "She is the one.", actor=reviewer, **about)
    asked.kind = "consent-period-goes-on"
    told = claims.mail_of(db_session, asked.claim, asked.kind)
    if is_needed_again:
        (invitation,) = claims.invitations_of(db_session, asked.claim)
        answers.not_the_right_person(db_session, invitation, now=LATER + timedelta(hours=1), programme=programme)
    asked.settle(told, Accepted("250 Ok") if comes_back else REFUSED)
    if comes_back:
        assert bouncing.bounced(db_session, told.id, "5.1.1 Nobody", **about)
    if is_needed_again:
        assert claims.mail_of(db_session, asked.claim, asked.kind) is told, "what it says is not so any more"
    else:
        assert "its mail did not reach the partner contact" in words_of(asked.told_instead())
