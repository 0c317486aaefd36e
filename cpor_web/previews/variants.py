"""What tells the variants of a mail apart, for those who choose among its previews."""

from cpor_web.rules.words import N_

VARIANTS = {
    "claim-received--resubmitted": N_("resubmitted"),
    "claim-received--disputed": N_("disputed"),
    "approved--over-another": N_("over another partner's association"),
    "approved--needs-yes": N_("the customer's yes is needed"),
    "rejected--customer-decline": N_("the customer declined"),
    "rejected--after-the-consent-period": N_("the customer declined after the consent period"),
    "rejected--no-yes": N_("no yes came"),
    "rejected--dispute-decided": N_("a dispute was decided"),
    "rejected--final": N_("for good"),
    "assessment-result--not-eligible": N_("not eligible"),
    "contact-needed--due": N_("with a deadline"),
    "partner-reminder--contact": N_("a contact is needed"),
    "consent-notice--no-header": N_("without the mail program's own button"),
    "consent-notice--again": N_("sent once more"),
    "consent-notice--over-another": N_("over another partner's association"),
    "yes-confirmation--no-end": N_("before the time runs"),
    "denial-recorded--mail-client": N_("with the mail program's own button"),
    "denial-recorded--other-contact": N_("another contact denied"),
    "denial-undone--own-link": N_("through the reader's own link"),
    "denial-undone--stopped": N_("the time stands still"),
    "denial-undone--needs-yes": N_("the customer's yes is needed"),
    "denial-recorded-partner--mail-client": N_("with the mail program's own button, after the consent period"),
    "new-comment--to-reviewer": N_("to the reviewer"),
    "not-delivered--of-a-request": N_("a request for information"),
    "not-delivered--to-reviewer": N_("to the reviewer"),
    "not-delivered--in-doubt": N_("in doubt"),
    "not-delivered--in-doubt-to-reviewer": N_("in doubt, to the reviewer"),
    "security-notice--by-another": N_("somebody else did it"),
}
"""Every specimen but the first of its kind, in a few words after the mail's name."""
