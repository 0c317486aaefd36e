"""The sample's partners and people."""

from dataclasses import dataclass

from cpor_web.rules.roles import Role

PASSWORD = "correct-horse-battery"  # noqa: S105 - printed for everybody who tries the sample

VENDOR = "Example Vendor"


@dataclass(frozen=True)
class SamplePartner:
    """A partner with its MPN IDs: the first is global, the others are locations."""

    name: str
    domain: str
    global_id: str
    locations: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in to the sample."""

    email: str
    name: str
    role: Role
    organisation: str


PARTNERS = (
    SamplePartner("Adatum", "adatum.example.org", "4710000", (("4710001", "Berlin"), ("4710002", "Stockholm"))),
    SamplePartner("Fabrikam", "fabrikam.example.org", "5820000", (("5820001", "Utrecht"),)),
)

PEOPLE = (
    Person("incentives@adatum.example.org", "Ines Incentives", Role.INCENTIVES_ADMIN, "Adatum"),
    Person("billing@adatum.example.org", "Bo Billing", Role.BILLING_ADMIN, "Adatum"),
    Person("global@adatum.example.org", "Gita Global", Role.GLOBAL_ADMIN, "Adatum"),
    Person("viewer@adatum.example.org", "Vera Viewer", Role.VIEWER, "Adatum"),
    Person("incentives@fabrikam.example.org", "Ivo Incentives", Role.INCENTIVES_ADMIN, "Fabrikam"),
    Person("reviewer@vendor.example.com", "Rosa Reviewer", Role.REVIEWER, VENDOR),
    Person("reviewer2@vendor.example.com", "Rune Reviewer", Role.REVIEWER, VENDOR),
    Person("admin@vendor.example.com", "Ada Administrator", Role.ADMINISTRATOR, VENDOR),
)
