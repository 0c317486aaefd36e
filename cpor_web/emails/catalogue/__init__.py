"""Who gets which mail: one function a mail. Its words are in templates/email/<kind>/.

Each puts a row into the outbox, in the caller's transaction, with the facts that its words need. No working link is
ever among them: links are made at the moment of sending (see `composing`).
"""

from cpor_web.emails.catalogue.to_partner import BY_TRANSITION

ASKS = frozenset({"consent-notice", "confirmation-request"})
"""The mails that ask a customer: they carry the link to deny, and print the end of the time to do it."""

KINDS = (
    *BY_TRANSITION,
    "assessment-result",
    "association-contested",
    "contact-needed",
    "consent-period-goes-on",
    "partner-reminder",
    "consent-notice",
    "confirmation-request",
    "yes-confirmation",
    "association-ended",
    "denial-recorded",
    "denial-undone",
    "denial-recorded-partner",
    "denial-undone-partner",
    "new-comment",
    "not-delivered",
    "denial-by-replaced",
    "competing-associations",
    "overdue-digest",
    "closing-held",
    "password-reset",
    "invitation",
    "security-notice",
)
"""Every mail there is; each has a folder of templates."""
