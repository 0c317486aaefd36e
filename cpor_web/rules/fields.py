"""The fields of a claim: their labels, which must be filled, and in which status they can be edited."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_


class Field(NamedTuple):
    """One field. `is_correctable` fields can still be edited after submission, the others never again."""

    name: str
    label: str
    is_required: bool = True
    is_correctable: bool = False

    @property
    def is_of_a_contact(self) -> bool:
        """Whether it says who is asked at the customer."""
        return self.name.startswith(("contact_", "second_"))


FIELDS = (
    Field("name", N_("Claim name")),
    Field("mpn_id", N_("MPN ID"), is_correctable=True),
    Field("customer_name", N_("Customer name")),
    Field("customer_domain", N_("Customer domain")),
    Field("tenant_id", N_("Customer tenant ID")),
    Field("subscription_id", N_("Subscription ID"), is_required=False, is_correctable=True),
    Field("area", N_("Solution area")),
    Field("activity", N_("Activity")),
    Field("products", N_("Products"), is_correctable=True),
    Field("proof_date", N_("Latest date in the proof"), is_required=False, is_correctable=True),
    Field("contact_name", N_("Customer contact name"), is_correctable=True),
    Field("contact_title", N_("Customer contact title"), is_required=False, is_correctable=True),
    Field("contact_email", N_("Customer contact email"), is_correctable=True),
    Field("contact_language", N_("Customer contact language"), is_correctable=True),
    Field("contact_reason", N_("Why this address?"), is_required=False, is_correctable=True),
    Field("second_name", N_("Second customer contact name"), is_required=False, is_correctable=True),
    Field("second_title", N_("Second customer contact title"), is_required=False, is_correctable=True),
    Field("second_email", N_("Second customer contact email"), is_required=False, is_correctable=True),
    Field("second_language", N_("Second customer contact language"), is_required=False, is_correctable=True),
    Field("second_reason", N_("Why the second address?"), is_required=False, is_correctable=True),
    Field("partner_contact_name", N_("Partner contact name"), is_correctable=True),
    Field("partner_contact_email", N_("Partner contact email"), is_correctable=True),
)
"""Every field of the form, in its order."""

_REQUIRED = tuple(field.name for field in FIELDS if field.is_required)
_WITH_SUBSCRIPTION = tuple(field.name for field in FIELDS if field.is_required or field.name == "subscription_id")

LABELS = {field.name: field.label for field in FIELDS}


def editable(status: Status, correctable_in: frozenset[Status], *, disputes_a_denial: bool = False) -> frozenset[str]:
    """Return the names of the fields that the partner may edit in `status`.

    `correctable_in` are the statuses after submission in which the guide's edition lets some fields be edited. Of a
    claim that `disputes_a_denial` those who are asked stay: no yes but theirs restores what they denied.
    """
    if status is Status.EDITING:
        return frozenset(field.name for field in FIELDS)
    if status not in correctable_in:
        return frozenset()
    kept = {field.name for field in FIELDS if field.is_of_a_contact} if disputes_a_denial else set()
    return frozenset(field.name for field in FIELDS if field.is_correctable) - kept


def takes_proof(status: Status, correctable_in: frozenset[Status]) -> bool:
    """Tell whether the partner may add proof in `status`: where it may edit, and fresh proof while associated."""
    return status in {Status.EDITING, Status.APPROVED} or status in correctable_in


def lets_proof_go(status: Status, *, uploaded_at: datetime, since: datetime) -> bool:
    """Tell whether a document can be taken off again: any of a draft, and of what is to be resubmitted what is new.

    `since` is when the claim came into `status`. What was submitted once is never removed.
    """
    return status is Status.EDITING or (status is Status.PARTNER_ACTION_REQUIRED and uploaded_at > since)


def missing(values: Mapping[str, object], *, needs_subscription: bool) -> tuple[str, ...]:
    """Return the names of the fields that must be filled before submission and are empty in `values`."""
    needed = _WITH_SUBSCRIPTION if needs_subscription else _REQUIRED
    return tuple(name for name in needed if not values.get(name))
