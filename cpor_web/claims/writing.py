"""Moves what a form says into a claim, telling what changed."""

from cpor_web.claims.drafts import ContactDraft, Draft, day, guid
from cpor_web.claims.problems import concern, problems
from cpor_web.models import Claim, ClaimProduct, CustomerContact, Partner
from cpor_web.programme import Programme
from cpor_web.rules import fields
from cpor_web.rules.exc import Invalid, NotAllowed
from cpor_web.rules.words import N_

Changes = dict[str, list[str]]
"""By field: the old and the new value, as people read them."""

_TEXTS = ("customer_name", "customer_domain", "area", "activity", "partner_contact_name", "partner_contact_email")


def write(claim: Claim, draft: Draft, *, partner: Partner, programme: Programme) -> Changes:
    """Write the fields that the claim's status lets be edited; the others keep their values.

    Raises Invalid for the first of them that is wrong.
    """
    allowed = editable(claim, programme)
    before = Draft.from_claim(claim)
    limited = _limited(before, draft, allowed)
    for problem in problems(limited, partner=partner, programme=programme, within=allowed).values():
        raise problem
    _check_products(before, limited, programme)
    draft = _limited(before, draft.normalised(), allowed)
    claim.name = draft.name
    for name in _TEXTS:
        setattr(claim, name, getattr(draft, name) or None)
    claim.tenant_id, claim.subscription_id = guid(draft.tenant_id), guid(draft.subscription_id)
    claim.proof_date = day(draft.proof_date)
    claim.mpn_id = next((each for each in partner.mpn_ids if each.number == draft.mpn_id), None)
    _write_products(claim, draft.products)
    _write_contacts(claim, draft, partner)
    return _changes(before, Draft.from_claim(claim))


def editable(claim: Claim, programme: Programme) -> frozenset[str]:
    """Return the names of the fields that the partner may edit at this moment."""
    return fields.editable(claim.status, programme.correctable_in, disputes_a_denial=claim.disputes_a_denial)


def check_editable(claim: Claim, programme: Programme) -> None:
    """Raise NotAllowed where the partner may edit nothing at this moment."""
    if not editable(claim, programme):
        raise NotAllowed(N_("Nothing can be edited while a claim is “%(status)s”."), {"status": claim.status.label})


def problems_of(claim: Claim, programme: Programme) -> dict[str, Invalid]:
    """Return what is wrong with a stored claim by the rules of now."""
    return problems(Draft.from_claim(claim), partner=claim.partner, programme=programme)


def empty(claim: Claim) -> None:
    """Take everything out of a draft that is deleted."""
    for name in (*_TEXTS, "tenant_id", "subscription_id", "mpn_id", "proof_date"):
        setattr(claim, name, None)
    claim.name, claim.made_of = "", None
    claim.products.clear()
    claim.all_contacts.clear()


def _limited(before: Draft, draft: Draft, allowed: frozenset[str]) -> Draft:
    kept = {name: getattr(draft if name in allowed else before, name) for name in Draft.__dataclass_fields__}
    if "contact_name" in allowed:
        kept |= {"contact": draft.contact, "second": draft.second}
    return Draft(**kept)


def _check_products(before: Draft, draft: Draft, programme: Programme) -> None:
    """Let no product be added once the claim's area has left the catalogue, which then knows none of it."""
    added = sorted(set(draft.products) - set(before.products))
    if added and draft.area and draft.area not in programme.catalogue.areas:
        names = ", ".join(map(programme.catalogue.product_name, added))
        about = {"area": programme.catalogue.area_name(draft.area), "names": names}
        raise Invalid(N_("Not a product of %(area)s: %(names)s."), about, field_name="products")


def _write_products(claim: Claim, keys: tuple[str, ...]) -> None:
    wanted = set(keys)
    claim.products = [p for p in claim.products if p.key in wanted] + [
        ClaimProduct(key=key) for key in sorted(wanted - set(claim.product_keys))
    ]


def _write_contacts(claim: Claim, draft: Draft, partner: Partner) -> None:
    typed = {n: c for n, c in enumerate((draft.contact, draft.second), start=1) if not c.is_empty}
    stored = {contact.position: contact for contact in claim.contacts}
    for position, contact in stored.items():
        if position not in typed or (_is_kept(claim) and contact.email != typed[position].email):
            _let_go(claim, contact)
    kept = {contact.position: contact for contact in claim.contacts}
    for position, new in typed.items():
        contact = kept.get(position) or CustomerContact(position=position)
        if contact not in claim.all_contacts:
            claim.all_contacts.append(contact)
        elif (contact.email, contact.reason) != (new.email, new.reason):
            contact.confirmed_by_id = None
        _fill(contact, new)
        contact.needs_confirmation = concern(new, draft, partner) is not None


def _let_go(claim: Claim, contact: CustomerContact) -> None:
    if _is_kept(claim):
        contact.position = None
    else:
        claim.all_contacts.remove(contact)


def _is_kept(claim: Claim) -> bool:
    """Tell whether contacts of this claim may have been asked already, and so keep their rows."""
    return claim.first_submitted_at is not None


def _fill(contact: CustomerContact, typed: ContactDraft) -> None:
    for name in ContactDraft.__dataclass_fields__:
        setattr(contact, name, getattr(typed, name))


def _changes(before: Draft, after: Draft) -> Changes:
    old, new = before.as_fields(), after.as_fields()
    return {name: [_shown(old[name]), _shown(new[name])] for name in new if old[name] != new[name]}


def _shown(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)
