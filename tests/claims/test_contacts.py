"""A right contact is compared and stored in the form in which it is written to."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from cpor_web.claims import reminders
from cpor_web.claims.contacts import propose_contact
from cpor_web.claims.drafts import ContactDraft
from cpor_web.consent import answers, stops
from cpor_web.facts import latest_round
from cpor_web.models import Claim, CustomerContact
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid
from tests.support import claims
from tests.support.claims import NOW

DORA = ContactDraft(name="Dora Diaz", email="dora@contoso.example.com", reason="Hers.")


@pytest.fixture
def claim(db_session: Session, programme: Programme) -> Claim:
    """A claim whose only notice could not be delivered."""
    claim = claims.running(db_session, programme)
    notice = claims.mail_of(db_session, claim, "consent-notice")
    stops.notice_failed(db_session, notice, now=NOW, programme=programme)
    return claim


def propose(session: Session, programme: Programme, claim: Claim, email: str) -> CustomerContact:
    typed, old = replace(DORA, email=email), claim.contacts[0].id
    return propose_contact(
        session, claim, typed, instead_of=old, actor=claim.filed_by.actor, now=NOW, programme=programme
    )


def test_a_proposed_address_is_stored_as_it_is_written_to(
    db_session: Session, programme: Programme, claim: Claim
) -> None:
    assert propose(db_session, programme, claim, "dora@ｃontoso。Example.com").email == DORA.email


@pytest.mark.parametrize("local", ["carla", "Carla"])
def test_nobody_is_proposed_instead_of_themselves(
    db_session: Session, programme: Programme, claim: Claim, local: str
) -> None:
    with pytest.raises(Invalid, match="a contact of this claim already"):
        propose(db_session, programme, claim, f"{local}@ｃontoso.example.com")


def test_nobody_of_the_partner_is_proposed_in_another_spelling(
    db_session: Session, programme: Programme, claim: Claim
) -> None:
    own = claim.partner.domains[0].replace(".", "。")
    with pytest.raises(Invalid, match="your own organisation"):
        propose(db_session, programme, claim, f"me@{own}")


CARLO = ContactDraft(name="Carlo Conti", email="carlo@contoso.example.com")


@pytest.fixture
def of_two(db_session: Session, programme: Programme) -> Claim:
    """A claim of whose two contacts the second says not to be the right person."""
    claim = claims.running(db_session, programme, second=CARLO)
    _, second = claims.invitations_of(db_session, claim)
    answers.not_the_right_person(db_session, second, now=NOW, programme=programme)
    db_session.flush()
    return claim


def propose_instead(session: Session, programme: Programme, claim: Claim, old: CustomerContact) -> CustomerContact:
    about = {"actor": claim.filed_by.actor, "now": NOW, "programme": programme}
    return propose_contact(session, claim, DORA, instead_of=old.id, **about)  # type: ignore[arg-type]


def test_a_contact_who_is_fine_is_not_replaced_while_another_is_astray(
    db_session: Session, programme: Programme, of_two: Claim
) -> None:
    carla, carlo = of_two.contacts
    with pytest.raises(Invalid, match=r"Carla Conti could be reached.* is: Carlo Conti") as refused:
        propose_instead(db_session, programme, of_two, carla)
    assert refused.value.field_name == "instead_of"
    assert propose_instead(db_session, programme, of_two, carlo).replaces is carlo


def test_where_nobody_is_astray_any_contact_can_be_replaced(db_session: Session, programme: Programme) -> None:
    claim = claims.running(db_session, programme, second=CARLO)
    (carla, _), (invitation, _second) = claim.contacts, claims.invitations_of(db_session, claim)
    stops.stop(db_session, claim, invitation.round, now=NOW, why=stops.DENIED_BY_REPLACED)
    assert propose_instead(db_session, programme, claim, carla).replaces is carla


def test_the_partner_is_told_by_mail_who_is_astray_and_why(
    db_session: Session, programme: Programme, of_two: Claim, claim: Claim
) -> None:
    told = claims.mail_of(db_session, of_two, "contact-needed").context["astray"]
    assert told == [{"name": "Carlo Conti", "why": "They say that they are not the right person."}]
    told = claims.mail_of(db_session, claim, "contact-needed").context["astray"]
    assert told == [{"name": "Carla Conti", "why": "The notice to them could not be delivered."}]


def test_so_is_who_is_reminded(db_session: Session, programme: Programme, of_two: Claim) -> None:
    asked = claims.mail_of(db_session, of_two, "contact-needed")
    stops.contact_asked(db_session, asked, now=NOW, programme=programme)
    round_ = latest_round(db_session, of_two)
    assert round_ is not None
    assert round_.contact_due_at is not None
    that_morning = round_.contact_due_at - timedelta(hours=14)
    assert reminders.remind(db_session, of_two.id, now=that_morning, programme=programme)
    reminder = claims.mail_of(db_session, of_two, "partner-reminder")
    assert [each["name"] for each in reminder.context["astray"]] == ["Carlo Conti"]
