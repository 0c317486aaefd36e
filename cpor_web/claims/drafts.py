"""What a claim's form says, and what is wrong with it."""

import re
from dataclasses import asdict, dataclass, field, replace
from typing import Protocol, Self
from uuid import UUID

from email_validator import EmailNotValidError, validate_email

from cpor_web.emails.addresses import ascii_domain
from cpor_web.models import Claim, MpnId, MpnKind, Partner
from cpor_web.programme import Programme
from cpor_web.rules import contacts
from cpor_web.rules.characters import NOT_VISIBLE, has_hidden
from cpor_web.rules.exc import Invalid
from cpor_web.rules.languages import LANGUAGES
from cpor_web.rules.words import N_

LONGEST = 300
LONGEST_NAME = 120
"""Names and titles stand in our sentences, in mails too: there is no room for a paragraph."""

_NAMES = frozenset(
    {
        "name",
        "customer_name",
        "contact_name",
        "contact_title",
        "second_name",
        "second_title",
        "partner_contact_name",
    }
)
_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(\.(?!-)[a-z0-9-]{1,63})+", re.IGNORECASE | re.ASCII)
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)

IS_GLOBAL = N_("This is a global MPN ID. A claim takes a location ID: only locations are enrolled and paid.")
NOT_A_GUID = N_("Enter 32 digits and letters a to f in the form 8-4-4-4-12, such as %(example)s.")
NOT_AN_ADDRESS = N_("Enter an e-mail address such as name@example.com.")
EXAMPLE_GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


class Wrong(Protocol):
    """How a check tells of a problem with a field."""

    def __call__(self, name: str, message: str, **values: str) -> None: ...


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
        return replace(self, email=_ascii_address(self.email) or self.email)


@dataclass(frozen=True)
class Draft:
    """A claim's fields as typed, stripped of outer blanks; empty text is "not yet filled in".

    `mpn_id` is the number, `area`, `activity` and `products` are the catalogue's keys.
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
            contact=first,
            second=second,
            partner_contact_name=claim.partner_contact_name or "",
            partner_contact_email=claim.partner_contact_email or "",
        )

    def normalised(self) -> Self:
        """Return it with every address and domain that is one in lower-case ASCII (UTS 46), however it was typed."""
        return replace(
            self,
            customer_domain=_ascii_domain(self.customer_domain),
            contact=self.contact.normalised(),
            second=self.second.normalised(),
            partner_contact_email=_ascii_address(self.partner_contact_email) or self.partner_contact_email,
        )

    def as_fields(self) -> dict[str, object]:
        """Return the values by the names of `rules.fields`."""
        flat: dict[str, object] = {k: v for k, v in asdict(self).items() if k not in {"contact", "second"}}
        for prefix, contact in (("contact", self.contact), ("second", self.second)):
            flat |= {f"{prefix}_{name}": value for name, value in asdict(contact).items()}
        return flat


def problems(draft: Draft, *, partner: Partner, programme: Programme) -> dict[str, Invalid]:
    """Return what is wrong, by field; an empty dict where nothing is. What is merely missing is not wrong yet."""
    found: dict[str, Invalid] = {}

    def wrong(name: str, message: str, **values: str) -> None:
        found.setdefault(name, Invalid(message, values, field_name=name))

    _check_lengths(draft, wrong)
    draft = draft.normalised()
    if not draft.name:
        wrong("name", N_("Give the claim a name, so that you find it again."))
    _check_mpn_id(draft.mpn_id, partner.mpn_ids, wrong)
    if draft.customer_domain and not _DOMAIN.fullmatch(draft.customer_domain):
        wrong("customer_domain", N_("Enter a domain such as contoso.example.com, without https:// or @."))
    for name, value in (("tenant_id", draft.tenant_id), ("subscription_id", draft.subscription_id)):
        if value and not _GUID.fullmatch(value):
            wrong(name, NOT_A_GUID, example=EXAMPLE_GUID)
    _check_catalogue(draft, programme, wrong)
    for prefix, contact in (("contact", draft.contact), ("second", draft.second)):
        _check_contact(prefix, contact, draft, partner, wrong)
    if draft.second.email and draft.second.email.lower() == draft.contact.email.lower():
        wrong("second_email", N_("This is the first contact's address. Name another person, or leave it empty."))
    if draft.partner_contact_email and _ascii_address(draft.partner_contact_email) is None:
        wrong("partner_contact_email", NOT_AN_ADDRESS)
    return found


def guid(text: str) -> UUID | None:
    """Return the GUID that `problems` found to be one, None for an empty field."""
    return UUID(text) if text else None


def concern(contact: ContactDraft, draft: Draft, partner: Partner) -> contacts.Concern | None:
    """Return what is the matter with a contact's address, or None."""
    if not contact.email:
        return None
    return contacts.concern(contact.email, customer_domain=draft.customer_domain, partner_domains=partner.domains)


def _contact(contact: object) -> ContactDraft:
    return ContactDraft(**{name: getattr(contact, name) for name in ContactDraft.__dataclass_fields__})


def _check_lengths(draft: Draft, wrong: Wrong) -> None:
    for name, value in draft.as_fields().items():
        if isinstance(value, str):
            most = LONGEST_NAME if name in _NAMES else LONGEST
            if len(value) > most:
                wrong(name, N_("Enter at most %(most)s characters."), most=str(most))
            elif has_hidden(value):
                wrong(name, NOT_VISIBLE)


def _check_mpn_id(number: str, own: list[MpnId], wrong: Wrong) -> None:
    if not number:
        return
    mine = {each.number: each for each in own}
    if number not in mine:
        wrong("mpn_id", N_("This is not one of your organisation's MPN IDs. Choose one of the list."))
    elif mine[number].kind is MpnKind.GLOBAL:
        wrong("mpn_id", IS_GLOBAL)


def _check_catalogue(draft: Draft, programme: Programme, wrong: Wrong) -> None:
    catalogue = programme.catalogue
    area = catalogue.areas.get(draft.area)
    if draft.area and area is None:
        wrong("area", N_("Choose a solution area of the list."))
    if not draft.area and (draft.activity or draft.products):
        wrong("area", N_("Choose the solution area that the activity and the products belong to."))
    if area is None:
        return
    if draft.activity and draft.activity not in area.activities:
        names = ", ".join(activity.name for activity in area.activities.values())
        name = catalogue.activity_name(draft.activity)
        wrong(
            "activity",
            N_("“%(activity)s” is not an activity of %(area)s. It has: %(names)s."),
            activity=name,
            area=area.name,
            names=names,
        )
    strangers = [catalogue.product_name(key) for key in draft.products if key not in area.products]
    if strangers:
        wrong("products", N_("Not a product of %(area)s: %(names)s."), area=area.name, names=", ".join(strangers))


def _check_contact(prefix: str, contact: ContactDraft, draft: Draft, partner: Partner, wrong: Wrong) -> None:
    if contact.language not in LANGUAGES:
        wrong(f"{prefix}_language", N_("Choose a language of the list."))
    if prefix == "second" and not contact.is_empty and not (contact.name and contact.email):
        wrong("second_email" if contact.name else "second_name", N_("A second contact needs a name and an address."))
    if not contact.email:
        return
    if _ascii_address(contact.email) is None:
        wrong(f"{prefix}_email", NOT_AN_ADDRESS)
        return
    about = concern(contact, draft, partner)
    if about is not None and about.is_refused:
        wrong(f"{prefix}_email", about.sentence)
    elif about is not None and not contact.reason:
        wrong(f"{prefix}_reason", about.sentence)


def _ascii_domain(text: str) -> str:
    try:
        return ascii_domain(text)
    except UnicodeError:
        return text  # no domain: `problems` tells it


def _ascii_address(text: str) -> str | None:
    try:
        # "test_environment" admits the reserved domains that documentation and samples use.
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return found.ascii_email
