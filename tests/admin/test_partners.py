import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from cpor_web.models import MpnId, MpnKind, Partner
from tests.support import factories
from tests.support.browser import Browser


def add(office: Browser, name: str, domains: str = "") -> TestResponse:
    return office.submit("/admin/partners", {"name": name, "domains": domains}, page="/admin/partners")


def test_without_partners_the_page_says_so(office: Browser) -> None:
    assert office.page("/admin/partners").select_one(".empty").get_text().startswith("There are no partners yet.")


def test_a_partner_is_added_with_its_domains_in_lower_case_and_ascii(office: Browser, committed: Session) -> None:
    answer = add(office, "  A. Datum  Corporation ", "Adatum.example.org, @mail.adatum.example.org bücher.example")

    partner = committed.scalar(select(Partner))
    assert partner.name == "A. Datum Corporation"
    assert partner.domains == ["adatum.example.org", "mail.adatum.example.org", "xn--bcher-kva.example"]
    assert (answer.status_code, answer.location) == (302, f"/admin/partners/{partner.id}")
    assert "A. Datum Corporation was added." in office.page(answer.location).main.get_text()


@pytest.mark.parametrize(
    ("name", "domains", "sentence"),
    [
        ("  ", "", "Fill in the name."),
        ("FABRIKAM", "", "There is a partner of this name already."),
        ("Adatum", "localhost", "“localhost” is not a domain."),
        ("Adatum", "-x.example", "“-x.example” is not a domain."),
        ("Adatum", "a..example", "“a..example” is not a domain."),
        ("x" * 201, "", "Enter at most 200 characters."),
    ],
)
def test_a_partner_that_cannot_be_is_refused_with_what_was_typed(
    office: Browser, committed: Session, name: str, domains: str, sentence: str
) -> None:
    factories.partner(committed, "Fabrikam")
    committed.commit()

    answer = add(office, name, domains)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert domains in answer.text
    assert len(committed.scalars(select(Partner)).all()) == 1


def add_mpn_id(office: Browser, partner: Partner, number: str, kind: str = "location") -> TestResponse:
    page = f"/admin/partners/{partner.id}"
    return office.submit(f"{page}/mpn-ids", {"number": number, "kind": kind, "place": "Turin"}, page=page)


def test_an_mpn_id_is_added(office: Browser, committed: Session) -> None:
    partner = factories.partner(committed)
    committed.commit()

    answer = add_mpn_id(office, partner, " 4567890 ")

    assert answer.status_code == 302
    added = committed.scalar(select(MpnId).where(MpnId.number == "4567890"))
    assert (added.partner_id, added.kind, added.place) == (partner.id, MpnKind.LOCATION, "Turin")
    page = office.page(answer.location).main.get_text()
    assert "MPN ID 4567890 was added." in page
    assert "Check it once more" not in page


def test_an_unusual_number_of_digits_is_a_warning_and_no_error(office: Browser, committed: Session) -> None:
    partner = factories.partner(committed)
    committed.commit()

    answer = add_mpn_id(office, partner, "12345678")

    assert answer.status_code == 302
    assert "an MPN ID usually has 7 digits." in office.page(answer.location).main.get_text()


@pytest.mark.parametrize(
    ("number", "kind", "sentence"),
    [
        ("12a4567", "location", "An MPN ID has digits only."),
        ("١٢٣٤٥٦٧", "location", "An MPN ID has digits only."),
        ("", "location", "Fill in the MPN ID."),
        ("1234567", "", "Choose a kind."),
        ("1234567", "headquarters", "Not a valid choice"),
    ],
)
def test_an_mpn_id_that_cannot_be_is_refused(
    office: Browser, committed: Session, number: str, kind: str, sentence: str
) -> None:
    partner = factories.partner(committed)
    committed.commit()

    answer = add_mpn_id(office, partner, number, kind)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert len(committed.scalars(select(MpnId)).all()) == 2


def test_an_mpn_id_belongs_to_one_partner_alone(office: Browser, committed: Session) -> None:
    taken, other = factories.partner(committed), factories.partner(committed)
    committed.commit()

    answer = add_mpn_id(office, other, taken.mpn_ids[0].number)

    assert answer.status_code == 422
    assert "This MPN ID is entered already." in answer.text


def test_a_partner_that_is_not_there_has_no_page(office: Browser) -> None:
    assert office.get("/admin/partners/1").status_code == 404
