"""A round that would ask somebody who was erased: no notice goes out, and the partner is asked whom instead."""

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from cpor_web import facts
from cpor_web.claims import contacts, operations, way
from cpor_web.claims.next_steps import next_step
from cpor_web.models import Claim, RoundState
from cpor_web.privacy import erasing
from cpor_web.programme import Programme
from tests.support import claims
from tests.support.claims import NOW, ContactDraft

SECOND = ContactDraft(name="Dora Diaz", email="dora@contoso.example.com", language="de")
RIGHT = ContactDraft(name="Emil Ek", email="emil@contoso.example.com")


def approved_anew(session: Session, programme: Programme, **more: Any) -> Claim:
    """A claim that was rejected, whose first contact was erased, and that was approved after a dispute."""
    claim = claims.rejected(session, programme, now=NOW - timedelta(days=1), **more)
    session.flush()
    session.refresh(claim)
    erasing.of_contact(claim.contacts[0])
    reviewer = claims.dispute(session, programme, claim)
    operations.approve(session, claim, actor=reviewer, now=NOW, programme=programme)
    session.flush()
    session.refresh(claim)
    return claim


def test_the_partner_is_asked_for_another_contact_at_once(db_session: Session, programme: Programme) -> None:
    claim = approved_anew(db_session, programme)
    round_ = facts.latest_round(db_session, claim)
    assert round_ is not None
    assert round_.state is RoundState.STOPPED
    assert next_step(claim, round_, now=NOW).step is way.CONTACT_NEEDED
    mail = claims.mail_of(db_session, claim, "contact-needed")
    assert mail.to_address == claim.partner_contact_email
    assert [each["why"] for each in mail.context["astray"]] == ["The notice to them could not be delivered."]

    about: dict[str, Any] = {"now": NOW, "programme": programme}
    erased = claim.contacts[0].id
    contacts.propose_contact(db_session, claim, RIGHT, instead_of=erased, actor=claim.filed_by.actor, **about)
    assert claim.reviewer is not None
    contacts.correct_contact(db_session, claim, actor=claim.reviewer.actor, **about)
    claims.take_notice(db_session, programme, claims.invitations_of(db_session, claim)[-1])
    assert round_.state is RoundState.RUNNING


def test_no_time_runs_on_the_other_contact_alone(db_session: Session, programme: Programme) -> None:
    claim = approved_anew(db_session, programme, second=SECOND)
    erased, other = claims.invitations_of(db_session, claim)
    claims.take_notice(db_session, programme, other)
    assert (erased.round.state, other.bounced_at) == (RoundState.STOPPED, None)
    assert [each.contact for each in erased.round.astray] == [erased.contact]
