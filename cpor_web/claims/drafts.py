"""What a claim's form says."""

from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any, Self
from uuid import UUID

from email_validator import EmailNotValidError, validate_email

from cpor_web import addresses
from cpor_web.addresses import ascii_domain
from cpor_web.models import ERASED, Claim


@dataclass(frozen=True)
class ContactDraft:
    """A customer contact as typed."""

    name: str = ""
    title: str = ""
    email: str = ""
    language: str = "en"
    reason: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.name or self.title or self.email or self.reason)

    def normalised(self) -> Self:
        """Return it with the address as it is compared, stored and sent to: the domain in lower-case ASCII."""
        return replace(self, email=ascii_address(self.email) or self.email)


@dataclass(frozen=True)
class Draft:
    """A claim's fields as typed, stripped of outer blanks; empty text is "not yet filled in".

    `mpn_id` is the number, `area`, `activity` and `products` are the catalogue's keys, `proof_date` is a day as
    ISO 8601 has it.
    """

    name: str = ""
    mpn_id: str = ""
    customer_name: str = ""
    customer_domain: str = ""
    tenant_id: str = ""
    subscription_id: str = ""
    area: str = ""
    activity: str = ""
    products: tuple[str, ...] = ()
    proof_date: str = ""
    contact: ContactDraft = field(default_factory=ContactDraft)
    second: ContactDraft = field(default_factory=ContactDraft)
    partner_contact_name: str = ""
    partner_contact_email: str = ""

    @classmethod
    def from_claim(cls, claim: Claim) -> "Draft":
        """Return what the form shows of a stored claim."""
        first, second = [*(_contact(c) for c in claim.contacts), ContactDraft(), ContactDraft()][:2]
        return cls(
            name=claim.name,
            mpn_id=claim.mpn_id.number if claim.mpn_id else "",
            customer_name=claim.customer_name or "",
            customer_domain=claim.customer_domain or "",
            tenant_id=str(claim.tenant_id or ""),
            subscription_id=str(claim.subscription_id or ""),
            area=claim.area or "",
            activity=claim.activity or "",
            products=tuple(claim.product_keys),
            proof_date=claim.proof_date.isoformat() if claim.proof_date else "",
            contact=first,
            second=second,
            partner_contact_name=claim.partner_contact_name or "",
            partner_contact_email=claim.partner_contact_email or "",
        )

    @classmethod
    def anew(cls, claim: Claim, *, is_same_customer: bool) -> "Draft":
        """Return what a new claim takes over from one: all but its proof, or of another customer what was done only.

        A name, a tenant, a subscription and contacts are one customer's. Those who are erased are not taken over.
        """
        old = cls.from_claim(claim)
        erased: dict[str, Any] = {name: "" for name in cls.__dataclass_fields__ if getattr(old, name) == ERASED}
        first, second = [*(_contact(c) for c in claim.contacts if not c.is_erased), ContactDraft(), ContactDraft()][
            :2
        ]
        kept = replace(old, contact=first, second=second, proof_date="", **erased)
        if is_same_customer:
            return kept
        return replace(
            kept,
            name="",
            customer_name="",
            customer_domain="",
            tenant_id="",
            subscription_id="",
            contact=ContactDraft(language=first.language),
            second=ContactDraft(language=first.language),
        )

    def is_of_another_customer(self, before: "Draft") -> bool:
        """Tell whether the customer's name, domain and tenant are all other ones than `before`.

        Only what both say tells them apart: who goes on to fill in the customer has not gone over to another.
        """
        mine, theirs = self.normalised(), before.normalised()
        said = ((d.customer_name.lower(), d.customer_domain, d.tenant_id.lower()) for d in (mine, theirs))
        told = [pair for pair in zip(*said, strict=True) if all(pair)]
        return bool(told) and all(each != other for each, other in told)

    def normalised(self) -> Self:
        """Return it with every address and domain that is one in lower-case ASCII (UTS 46), without `www.`."""
        return replace(
            self,
            customer_domain=_ascii_domain(self.customer_domain),
            contact=self.contact.normalised(),
            second=self.second.normalised(),
            partner_contact_email=ascii_address(self.partner_contact_email) or self.partner_contact_email,
        )

    def as_fields(self) -> dict[str, object]:
        """Return the values by the names of `rules.fields`."""
        flat: dict[str, object] = {k: v for k, v in asdict(self).items() if k not in {"contact", "second"}}
        for prefix, contact in (("contact", self.contact), ("second", self.second)):
            flat |= {f"{prefix}_{name}": value for name, value in asdict(contact).items()}
        return flat


def guid(text: str) -> UUID | None:
    """Return the GUID that `problems` found to be one, None for an empty field."""
    return UUID(text) if text else None


def day(text: str) -> date | None:
    """Return the day that `problems` found to be one, None for an empty field."""
    return date.fromisoformat(text) if text else None


def _contact(contact: object) -> ContactDraft:
    return ContactDraft(**{name: getattr(contact, name) for name in ContactDraft.__dataclass_fields__})


def _ascii_domain(text: str) -> str:
    """Return a domain as it is compared and stored. People copy it from their browser, with `www.` before it."""
    try:
        domain = ascii_domain(text)
    except UnicodeError:
        return text  # no domain: `problems` tells it
    rest = domain.removeprefix("www.")
    return rest if "." in rest else domain


def ascii_address(text: str) -> str | None:
    """Return an e-mail address as it is compared, stored and sent to; None for what is none."""
    if len(text) > addresses.LONGEST:
        return None
    try:
        # "test_environment" admits the reserved domains that documentation and samples use.
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return found.ascii_email
