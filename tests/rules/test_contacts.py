import pytest

from cpor_web.rules.contacts import ELSEWHERE, FREE, FREE_MAIL, PARTNERS_OWN, ROLE_NAMES, SHARED, Concern, concern

CONTOSO = "contoso.example.com"
OWN = ("fabrikam.example.org", "Adatum.example.org")

# One line an address: what is the matter with it for a contact of Contoso's that Fabrikam (also Adatum) names.
ADDRESSES: list[tuple[str, Concern | None]] = [
    ("carla@contoso.example.com", None),
    ("Carla@CONTOSO.example.com", None),
    (" carla@contoso.example.com ", None),
    ("carla@it.contoso.example.com", None),
    ("carla@notcontoso.example.com", ELSEWHERE),
    ("carla@contoso.example.com.evil.example", ELSEWHERE),
    ("carla@example.com", ELSEWHERE),
    ("carla@contoso.example.com@litware.example.com", ELSEWHERE),
    ('"carla@home"@contoso.example.com', None),
    ("pat@fabrikam.example.org", PARTNERS_OWN),
    ("pat@sales.FABRIKAM.example.org", PARTNERS_OWN),
    ("pat@adatum.example.org", PARTNERS_OWN),
    ("info@fabrikam.example.org", PARTNERS_OWN),
    ("pat@notfabrikam.example.org", ELSEWHERE),
    ("carla@gmail.com", FREE),
    ("Carla@GMail.com", FREE),
    ("info@gmail.com", FREE),
    ("carla@mail.gmail.com", ELSEWHERE),
    ("info@contoso.example.com", SHARED),
    ("Info@contoso.example.com", SHARED),
    ("info+cpor@contoso.example.com", SHARED),
    ("carla+info@contoso.example.com", None),
    ("information@contoso.example.com", None),
    ("info@litware.example.com", ELSEWHERE),
]


@pytest.mark.parametrize(("address", "expected"), ADDRESSES)
def test_an_address_is_of_concern_exactly_where_the_list_says(address: str, expected: Concern | None) -> None:
    assert concern(address, customer_domain=CONTOSO, partner_domains=OWN) is expected


def test_the_customers_domain_is_compared_without_case_and_outer_blanks() -> None:
    assert concern("carla@contoso.example.com", customer_domain=" Contoso.Example.com ", partner_domains=OWN) is None


def test_without_a_customers_domain_nothing_is_outside_it() -> None:
    assert concern("carla@litware.example.com", customer_domain="", partner_domains=OWN) is None
    assert concern("carla@gmail.com", customer_domain="", partner_domains=()) is FREE


def test_a_free_mail_address_of_a_customer_with_a_free_mail_domain_is_still_of_concern() -> None:
    assert concern("carla@gmail.com", customer_domain="gmail.com", partner_domains=OWN) is FREE


def test_only_the_partners_own_address_cannot_be_named_at_all() -> None:
    assert [each.is_refused for each in (PARTNERS_OWN, ELSEWHERE, FREE, SHARED)] == [True, False, False, False]


def test_the_lists_are_in_the_form_in_which_addresses_are_compared() -> None:
    assert {name.lower() for name in FREE_MAIL | ROLE_NAMES} == FREE_MAIL | ROLE_NAMES
    assert all("." in domain and "@" not in domain for domain in FREE_MAIL)
    assert not any("@" in name or "+" in name for name in ROLE_NAMES)
