"""A reply by a person at the customer: it holds the closing, and a reviewer says what it says."""

import pytest
from sqlalchemy.orm import Session

from cpor_web.claims import contacts
from cpor_web.claims.drafts import ContactDraft
from cpor_web.consent import answers
from cpor_web.models import Claim, CustomerContact
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid, NotAllowed
from cpor_web.rules.roles import Role
from cpor_web.rules.statuses import Status
from tests.support import claims, factories
from tests.support.claims import NOW

BOB = ContactDraft(name="Bob Baker", email="bob@contoso.example.com")


def asked(session: Session, programme: Programme) -> Claim:
    return claims.running(session, programme, second=BOB)


def read(session: Session, programme: Programme, claim: Claim, whose: CustomerContact | None) -> None:
    reviewer = factories.user(session, Role.REVIEWER)
    contacts.note_reply(session, claim, actor=reviewer.actor, now=NOW)
    whose_id = whose.id if whose else None
    contacts.settle_reply(
        session, claim, "No.", denies=True, whose=whose_id, actor=reviewer.actor, now=NOW, programme=programme
    )


def test_a_denial_by_reply_is_that_of_the_contact_who_replied(db_session: Session, programme: Programme) -> None:
    claim = asked(db_session, programme)
    first, second = claims.invitations_of(db_session, claim)
    read(db_session, programme, claim, second.contact)
    assert claim.status is Status.REJECTED
    with pytest.raises(NotAllowed):
        answers.undo(db_session, first, now=NOW, programme=programme)
    answers.undo(db_session, second, now=NOW, programme=programme)


def test_with_two_contacts_a_reviewer_says_who_replied(db_session: Session, programme: Programme) -> None:
    claim = asked(db_session, programme)
    with pytest.raises(Invalid, match="Choose who has replied"):
        read(db_session, programme, claim, None)


def test_with_one_contact_it_is_clear_who_replied(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme)
    read(db_session, programme, claim, None)
    assert claim.status is Status.REJECTED


def test_a_reply_that_was_read_is_not_read_as_the_opposite_on_an_older_page(
    db_session: Session, programme: Programme
) -> None:
    claim = claims.running(db_session, programme)
    reviewer = factories.user(db_session, Role.REVIEWER).actor
    contacts.note_reply(db_session, claim, actor=reviewer, now=NOW)
    about = {"actor": reviewer, "now": NOW, "programme": programme}
    contacts.settle_reply(db_session, claim, "Who?", denies=False, **about)
    with pytest.raises(NotAllowed, match="was read already"):
        contacts.settle_reply(db_session, claim, "Who?", denies=True, **about)
    assert claim.status is Status.APPROVED
