"""The mails by the names that people read."""

from collections.abc import Mapping

from cpor_web.rules.words import N_

NAMES = {
    "claim-received": N_("Claim received"),
    "review-started": N_("Review started"),
    "information-requested": N_("Information requested"),
    "approved": N_("Approved"),
    "rejected": N_("Rejected"),
    "consent-period-passed": N_("Consent period passed"),
    "assessment-result": N_("Assessment result"),
    "association-contested": N_("Association contested"),
    "contact-needed": N_("Contact needed"),
    "consent-period-goes-on": N_("Consent period goes on"),
    "partner-reminder": N_("Reminder"),
    "consent-notice": N_("Consent notice"),
    "confirmation-request": N_("Confirmation request"),
    "yes-confirmation": N_("Confirmation of a yes"),
    "association-ended": N_("Association ended"),
    "denial-recorded": N_("Denial recorded"),
    "denial-undone": N_("Denial undone"),
    "denial-recorded-partner": N_("Denial recorded (to the partner)"),
    "denial-undone-partner": N_("Denial undone (to the partner)"),
    "denial-by-replaced": N_("Denial by a replaced contact"),
    "competing-associations": N_("Competing associations"),
    "new-comment": N_("New comment"),
    "not-delivered": N_("Notice not delivered"),
    "overdue-digest": N_("Overdue digest"),
    "closing-held": N_("Closing held"),
    "password-reset": N_("Password reset"),
    "invitation": N_("Invitation"),
    "security-notice": N_("Security notice"),
}
"""Every kind of mail by its name."""

VARIANTS = {
    "claim-received": {"is_resubmitted": N_("Resubmission received"), "is_disputed": N_("Dispute received")},
}
"""Kinds whose subject depends on a fact of the mail, by that fact; the first that holds is the one, as there."""


def name_of(kind: str, context: Mapping[str, object]) -> str:
    """Return the name of a mail with these facts; a kind without words is shown as it is."""
    variants = VARIANTS.get(kind, {})
    return next((name for fact, name in variants.items() if context.get(fact)), NAMES.get(kind, kind))
