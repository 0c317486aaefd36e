"""A claim's fields as they are read."""

from cpor_web.catalogue import Catalogue
from cpor_web.claims.drafts import ContactDraft, Draft
from cpor_web.models import Claim
from cpor_web.rules.fields import FIELDS
from cpor_web.rules.languages import LANGUAGES
from cpor_web.web.languages import brief_day


def shown(claim: Claim, catalogue: Catalogue) -> dict[str, str]:
    """Return the text of every field by its name, with the catalogue's names instead of its keys.

    Of a contact that is not there nothing is told, though a draft has a language for it.
    """
    draft = Draft.from_claim(claim)
    texts = {name: str(value) for name, value in draft.as_fields().items()}
    return texts | {
        "area": catalogue.area_name(draft.area),
        "activity": catalogue.activity_name(draft.activity),
        "products": ", ".join(catalogue.product_name(key) for key in draft.products),
        "contact_language": _language(draft.contact),
        "second_language": _language(draft.second),
    }


def _language(contact: ContactDraft) -> str:
    return "" if contact.is_empty else LANGUAGES.get(contact.language, contact.language)


def details(claim: Claim, catalogue: Catalogue) -> list[tuple[str, str]]:
    """Return label and text of the fields in the form's order, without a second contact where there is none."""
    texts = shown(claim, catalogue) | {"proof_date": brief_day(claim.proof_date) if claim.proof_date else ""}
    if Draft.from_claim(claim).second.is_empty:
        texts = {name: text for name, text in texts.items() if not name.startswith("second_")}
    unasked = {name for name in ("contact_reason", "second_reason") if not texts.get(name)}
    return [(field.label, texts[field.name]) for field in FIELDS if field.name in texts.keys() - unasked]
