"""Each check speaks exactly where it should, and each has a line here."""

from dataclasses import replace
from datetime import date

import pytest

from cpor_web.rules.draft_checks import CHECKS, Consequence, Seen, a_year_before, findings

FINE = Seen(
    mpn_id="2000001",
    own_mpn_ids={"2000001": True, "1000001": False},
    activity="Usage",
    customer_domain="contoso.example.com",
    partner_domains=("fabrikam.example.org",),
    addresses={"contact": "carla@contoso.example.com", "second": "dan@it.contoso.example.com"},
    proof_date=date(2025, 11, 21),
    today=date(2026, 11, 21),
    domains=("contoso.example.com",),
    tenant="0f8fad5b-d9cb-469f-a165-70867728950e",
    tenants={"0f8fad5b-d9cb-469f-a165-70867728950e": "H4WV-9TCM"},
)
FIRST, SECOND = "contact", "second"

FOUND: list[tuple[str, str, dict[str, object]]] = [
    ("stranger-mpn-id", "mpn_id", {"mpn_id": "9999999"}),
    ("global-mpn-id", "mpn_id", {"mpn_id": "1000001"}),
    ("never-earns", "activity", {"earns": False}),
    ("free-mail-domain", "customer_domain", {"customer_domain": "gmail.com", "addresses": {}, "domains": ()}),
    (
        "partners-own-domain",
        "customer_domain",
        {"customer_domain": "it.fabrikam.example.org", "addresses": {}, "domains": ()},
    ),
    ("tenant-of-another-domain", "tenant_id", {"domains": ("litware.example.com", "adatum.example.com")}),
    ("domain-of-another-tenant", "tenant_id", {"tenant": "0f8fad5b-d9cb-469f-a165-70867728950f"}),
    ("claimed-already", "products", {"references": ("K7QM-2XRD",)}),
    ("proof-too-old", "proof_date", {"proof_date": date(2025, 11, 20)}),
    ("proof-to-come", "proof_date", {"proof_date": date(2026, 11, 22)}),
    *(
        (check, f"{prefix}_{part}", {"addresses": {prefix: address}})
        for prefix in (FIRST, SECOND)
        for check, part, address in (
            ("partners-own-address", "email", "pat@fabrikam.example.org"),
            ("address-elsewhere", "reason", "carla@litware.example.com"),
            ("free-mail-address", "reason", "carla@gmail.com"),
            ("shared-address", "reason", "info@contoso.example.com"),
        )
    ),
]


@pytest.mark.parametrize(("check", "field", "changes"), FOUND)
def test_a_check_speaks_at_its_field_of_what_it_is_for_and_no_other_does(
    check: str, field: str, changes: dict[str, object]
) -> None:
    [found] = findings(replace(FINE, **changes))  # type: ignore[arg-type]
    assert (found.check, found.field) == (check, field)
    assert found.sentence % {name: str(value) for name, value in found.values.items()}


def test_every_check_has_a_line_in_this_test() -> None:
    assert {(check.name, check.field) for check in CHECKS} == {(check, field) for check, field, _ in FOUND}


@pytest.mark.parametrize("seen", [FINE, Seen(), replace(FINE, today=None, proof_date=date(1999, 1, 1))])
def test_of_what_is_right_or_missing_nothing_is_said(seen: Seen) -> None:
    assert findings(seen) == []


def test_only_these_refuse() -> None:
    assert {check.name for check in CHECKS if check.consequence is Consequence.REFUSED} == {
        "stranger-mpn-id",
        "global-mpn-id",
        "partners-own-address",
    }


def test_the_same_warning_of_another_claim_is_another_warning() -> None:
    [one], [other] = (findings(replace(FINE, references=(reference,))) for reference in ("K7QM-2XRD", "B3CD-4FGH"))
    assert one.mark != other.mark


def test_a_year_before_the_leap_day_is_the_day_before_march() -> None:
    assert a_year_before(date(2028, 2, 29)) == date(2027, 2, 28)
    assert a_year_before(date(2028, 3, 1)) == date(2027, 3, 1)
