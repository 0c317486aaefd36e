"""What an administrator changes of partners and MPN IDs."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.models import MpnId, MpnKind, Partner
from cpor_web.programme import Programme
from tests.support import claims, factories
from tests.support.browser import Browser, form_in


@pytest.fixture
def partner(committed: Session) -> Partner:
    made = factories.partner(committed, "Fabrikam", domains=("fabrikam.example.org",))
    committed.commit()
    return made


def test_a_partner_is_renamed_and_its_domains_changed(office: Browser, committed: Session, partner: Partner) -> None:
    edit = f"/admin/partners/{partner.id}/edit"
    assert office.page(edit).find(id="domains")["value"] == "fabrikam.example.org"
    answer = office.submit(edit, {"name": "Fabrikam AB", "domains": "fabrikam.example, x.example"}, page=edit)
    assert answer.location == f"/admin/partners/{partner.id}"
    committed.refresh(partner)
    assert (partner.name, partner.domains) == ("Fabrikam AB", ["fabrikam.example", "x.example"])


def test_a_page_that_was_left_open_takes_no_domain_away(
    office: Browser, committed: Session, partner: Partner
) -> None:
    edit = f"/admin/partners/{partner.id}/edit"
    left_open = office.form_on(edit)
    partner.domains = ["fabrikam.example.org", "fabrikam.example"]
    committed.commit()
    assert office.post(edit, data={**left_open, "name": "Fabrikam AB"}).status_code == 302
    committed.refresh(partner)
    assert (partner.name, partner.domains) == ("Fabrikam AB", ["fabrikam.example.org", "fabrikam.example"])
    answer = office.post(edit, data={**left_open, "name": "Fabrikam AB", "domains": "fabrikam.example.com"})
    assert answer.status_code == 409
    assert "to “fabrikam.example.org, fabrikam.example”" in answer.text
    assert form_in(answer.text)["domains"] == "fabrikam.example.com"
    committed.refresh(partner)
    assert partner.domains == ["fabrikam.example.org", "fabrikam.example"]


@pytest.mark.parametrize(
    ("name", "domains", "sentence"),
    [
        ("", "", "Fill in the name."),
        ("ADATUM", "", "There is a partner of this name already."),
        ("Fabrikam", "localhost", "“localhost” is not a domain."),
        ("Fabrikam", "x" * 1001, "Enter at most 1,000 characters."),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_what_was_typed(
    office: Browser, committed: Session, partner: Partner, name: str, domains: str, sentence: str
) -> None:
    factories.partner(committed, "Adatum")
    committed.commit()
    edit = f"/admin/partners/{partner.id}/edit"
    answer = office.submit(edit, {"name": name, "domains": domains}, page=edit)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert domains in answer.text
    committed.refresh(partner)
    assert (partner.name, partner.domains) == ("Fabrikam", ["fabrikam.example.org"])


def test_an_mpn_id_gets_another_kind_and_place(office: Browser, committed: Session, partner: Partner) -> None:
    location = partner.mpn_ids[1]
    page = f"/admin/mpn-ids/{location.id}"
    assert office.page(page).main.find("input", value="location", type="radio").has_attr("checked")
    answer = office.submit(page, {"kind": "global", "place": "Turin"}, page=page)
    assert answer.location == f"/admin/partners/{partner.id}"
    committed.refresh(location)
    assert (location.kind, location.place) == (MpnKind.GLOBAL, "Turin")
    assert office.submit(page, {"kind": "moon"}, page=page).status_code == 422


def test_a_page_that_was_left_open_gives_an_mpn_id_no_kind_back(
    office: Browser, committed: Session, partner: Partner
) -> None:
    location = partner.mpn_ids[1]
    page = f"/admin/mpn-ids/{location.id}"
    left_open = office.form_on(page)
    location.kind, location.place = MpnKind.GLOBAL, "Bergen"
    committed.commit()
    answer = office.post(page, data={**left_open, "place": "Lyon"})
    assert answer.status_code == 409
    assert office.post(page, data=form_in(answer.text)).status_code == 302
    committed.refresh(location)
    assert (location.kind, location.place) == (MpnKind.GLOBAL, "Lyon")


def test_an_mpn_id_without_claims_is_removed(office: Browser, committed: Session, partner: Partner) -> None:
    unused = partner.mpn_ids[0]
    page = f"/admin/mpn-ids/{unused.id}"
    answer = office.submit(f"{page}/remove", page=page)
    assert answer.location == f"/admin/partners/{partner.id}"
    assert f"MPN ID {unused.number} was removed." in office.page(answer.location).main.get_text()
    assert committed.scalar(select(MpnId.id).where(MpnId.number == unused.number)) is None
    assert office.get(page).status_code == 404


def test_an_mpn_id_with_claims_stays_and_says_why(office: Browser, committed: Session, programme: Programme) -> None:
    used = claims.editing(committed, programme).mpn_id
    committed.commit()
    page = f"/admin/mpn-ids/{used.id}"
    answer = office.submit(f"{page}/remove", page=page)
    assert f"A claim uses the MPN ID {used.number}" in office.page(answer.location).main.get_text()
    assert committed.scalar(select(MpnId.id).where(MpnId.number == used.number)) == used.id


@pytest.mark.parametrize("path", ["/admin/partners/1/edit", "/admin/mpn-ids/1"])
def test_what_is_not_there_has_no_page(office: Browser, path: str) -> None:
    assert office.get(path).status_code == 404
