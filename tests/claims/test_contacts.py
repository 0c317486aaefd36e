"""A right contact is compared and stored in the form in which it is written to."""

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from cpor_web.claims.contacts import propose_contact
from cpor_web.claims.drafts import ContactDraft
from cpor_web.consent import stops
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
