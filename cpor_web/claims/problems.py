"""What is wrong with a draft, field by field."""

import re
from collections.abc import Container
from typing import Protocol

from cpor_web.claims.drafts import ContactDraft, Draft, ascii_address, day
from cpor_web.models import MpnKind, Partner
from cpor_web.programme import Programme
from cpor_web.rules import contacts, draft_checks
from cpor_web.rules.characters import NOT_VISIBLE, has_hidden
from cpor_web.rules.draft_checks import Consequence, Seen
from cpor_web.rules.exc import Invalid
from cpor_web.rules.fields import LABELS
from cpor_web.rules.languages import LANGUAGES
from cpor_web.rules.words import N_, Value

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
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

NOT_A_GUID = N_("Enter 32 digits and letters a to f in the form 8-4-4-4-12, such as %(example)s.")
NOT_AN_ADDRESS = N_("Enter an e-mail address such as name@example.com.")
NOT_THEIRS = N_("This is a contact of %(customer)s. Name somebody at the customer of this claim, or leave it empty.")
EXAMPLE_GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
EXAMPLE_DAY = "2026-04-30"


class Wrong(Protocol):
    """How a check tells of a problem with a field."""

    def __call__(self, name: str, message: str, **values: Value) -> None: ...


def problems(
    draft: Draft, *, partner: Partner, programme: Programme, within: Container[str] = LABELS
) -> dict[str, Invalid]:
    """Return what is wrong, by field; an empty dict where nothing is. What is merely missing is not wrong yet.

    `within` are the fields that can be edited: what the catalogue, or a rule, has come to say of another since,
    nobody could mend.
    """
    found: dict[str, Invalid] = {}

    def wrong(name: str, message: str, **values: Value) -> None:
        found.setdefault(name, Invalid(message, values, field_name=name))

    _check_lengths(draft, wrong)
    draft = draft.normalised()
    if not draft.name:
        wrong("name", N_("Give the claim a name, so that you find it again."))
    if draft.customer_domain and not _DOMAIN.fullmatch(draft.customer_domain):
        wrong("customer_domain", N_("Enter a domain such as contoso.example.com, without https:// or @."))
    for name, value in (("tenant_id", draft.tenant_id), ("subscription_id", draft.subscription_id)):
        if value and not _GUID.fullmatch(value):
            wrong(name, NOT_A_GUID, example=EXAMPLE_GUID)
    if draft.proof_date and not _is_a_day(draft.proof_date):
        wrong("proof_date", N_("Enter the day as year, month and day, such as %(example)s."), example=EXAMPLE_DAY)
    _check_catalogue(draft, programme, wrong)
    for prefix, contact in (("contact", draft.contact), ("second", draft.second)):
        _check_contact(prefix, contact, wrong)
    if draft.second.email and draft.second.email.lower() == draft.contact.email.lower():
        wrong("second_email", N_("This is the first contact's address. Name another person, or leave it empty."))
    if draft.partner_contact_email and ascii_address(draft.partner_contact_email) is None:
        wrong("partner_contact_email", NOT_AN_ADDRESS)
    for each in draft_checks.findings(seen(draft, partner=partner, programme=programme)):
        if each.consequence is Consequence.REFUSED or (
            each.consequence is Consequence.NEEDS_A_REASON and not draft.as_fields()[each.field]
        ):
            found.setdefault(each.field, Invalid(each.sentence, each.values, field_name=each.field))
    return {name: problem for name, problem in found.items() if name in within}


def left_over(draft: Draft, before: Draft) -> dict[str, Invalid]:
    """Return what is wrong, by field, with contacts of a claim that began from another one of another customer."""
    if not draft.is_of_another_customer(before):
        return {}
    theirs = {each.normalised().email.lower() for each in (before.contact, before.second)} - {""}
    said = {"contact_email": draft.contact, "second_email": draft.second}
    return {
        name: Invalid(NOT_THEIRS, {"customer": before.customer_name}, field_name=name)
        for name, contact in said.items()
        if contact.normalised().email.lower() in theirs
    }


def seen(draft: Draft, *, partner: Partner, programme: Programme) -> Seen:
    """Return what the checks look at of a draft that is normalised, but for the partner's other claims."""
    activity = programme.catalogue.activity(draft.area, draft.activity)
    typed = {"contact": draft.contact.email, "second": draft.second.email}
    return Seen(
        mpn_id=draft.mpn_id,
        own_mpn_ids={each.number: each.kind is MpnKind.LOCATION for each in partner.mpn_ids},
        activity=activity.name if activity else "",
        earns=activity is None or activity.earns,
        customer_domain=draft.customer_domain,
        partner_domains=partner.domains,
        addresses={prefix: address for prefix, address in typed.items() if ascii_address(address) is not None},
        proof_date=day(draft.proof_date) if _is_a_day(draft.proof_date) else None,
    )


def _check_lengths(draft: Draft, wrong: Wrong) -> None:
    for name, value in draft.as_fields().items():
        if isinstance(value, str):
            most = LONGEST_NAME if name in _NAMES else LONGEST
            if len(value) > most:
                wrong(name, N_("Enter at most %(most)s characters."), most=most)
            elif has_hidden(value):
                wrong(name, NOT_VISIBLE)


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


def _check_contact(prefix: str, contact: ContactDraft, wrong: Wrong) -> None:
    if contact.language not in LANGUAGES:
        wrong(f"{prefix}_language", N_("Choose a language of the list."))
    if prefix == "second" and not contact.is_empty and not (contact.name and contact.email):
        wrong("second_email" if contact.name else "second_name", N_("A second contact needs a name and an address."))
    if contact.email and ascii_address(contact.email) is None:
        wrong(f"{prefix}_email", NOT_AN_ADDRESS)


def concern(contact: ContactDraft, draft: Draft, partner: Partner) -> contacts.Concern | None:
    """Return what is the matter with a contact's address, or None."""
    if not contact.email:
        return None
    return contacts.concern(contact.email, customer_domain=draft.customer_domain, partner_domains=partner.domains)


def _is_a_day(text: str) -> bool:
    try:
        return _DAY.fullmatch(text) is not None and day(text) is not None
    except ValueError:
        return False
