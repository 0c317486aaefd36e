"""Partners and MPN IDs: what can be entered, changed, removed."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.models import MpnId, MpnKind
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid, NotAllowed
from cpor_web.users import organisations
from tests.support import claims, factories


def test_a_partner_gets_another_name_and_domains(db_session: Session) -> None:
    partner = factories.partner(db_session, "Fabrikam")
    organisations.change_partner(db_session, partner, name=" Fabrikam  AB ", domains=["Fabrikam.example.org", ""])
    assert (partner.name, partner.domains) == ("Fabrikam AB", ["fabrikam.example.org"])
    organisations.change_partner(db_session, partner, name="FABRIKAM ab", domains=[])
    assert partner.name == "FABRIKAM ab"


@pytest.mark.parametrize(
    ("name", "domains", "field"),
    [
        ("", [], "name"),
        ("adatum", [], "name"),
        ("Fabri\u202ekam", [], "name"),
        ("Fabrikam", ["localhost"], "domains"),
    ],
)
def test_what_cannot_be_is_refused_and_the_partner_stays(
    db_session: Session, name: str, domains: list[str], field: str
) -> None:
    factories.partner(db_session, "Adatum")
    partner = factories.partner(db_session, "Fabrikam", domains=("fabrikam.example.org",))
    with pytest.raises(Invalid) as refusal:
        organisations.change_partner(db_session, partner, name=name, domains=domains)
    assert refusal.value.field_name == field
    db_session.refresh(partner)
    assert (partner.name, partner.domains) == ("Fabrikam", ["fabrikam.example.org"])


def test_an_mpn_id_that_no_claim_uses_is_removed(db_session: Session) -> None:
    partner = factories.partner(db_session)
    unused = partner.mpn_ids[0]
    organisations.remove_mpn_id(db_session, unused)
    assert db_session.scalar(select(MpnId).where(MpnId.number == unused.number)) is None


def test_an_mpn_id_that_a_claim_uses_stays(db_session: Session, programme: Programme) -> None:
    claim = claims.editing(db_session, programme)
    used = claim.mpn_id
    assert used is not None
    with pytest.raises(NotAllowed, match=f"A claim uses the MPN ID {used.number}"):
        organisations.remove_mpn_id(db_session, used)
    assert db_session.scalar(select(MpnId).where(MpnId.number == used.number)) is used


def test_an_mpn_id_gets_another_kind_and_place(db_session: Session) -> None:
    mpn_id = factories.partner(db_session).mpn_ids[1]
    organisations.change_mpn_id(db_session, mpn_id, kind=MpnKind.GLOBAL, place=" Oslo  S ")
    db_session.refresh(mpn_id)
    assert (mpn_id.kind, mpn_id.place) == (MpnKind.GLOBAL, "Oslo S")
