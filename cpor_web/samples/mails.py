"""Facts for one mail of every kind, and of every branch of its words: the context that `catalogue` stores, and links.

The preview shows them, and the golden files of the tests are written from them. No key has made these links.
"""

from typing import Any

from cpor_web import catalogue

PUBLIC = "https://cpor.vendor.example.com"
TOKEN = "AAAQIDBAUGBwgJCgsMDQ4P~w0oSpyYPDBIzmKrVnhu0Nw"  # noqa: S105 - no key has made it
DENY, UNDO, YES = (f"{PUBLIC}/{place}/{TOKEN}" for place in "duy")
END = "2026-12-04T22:59:59+00:00"
AT = "2026-11-30T09:12:44.123456+00:00"

LINKS = {"public_url": PUBLIC, "guide_url": "https://vendor.example.com/programme-guide"}
ASKING = {"deny_url": DENY, "end": END, "one_click": "yes", "again": ""}
ACCOUNT = {"account_url": f"{PUBLIC}/reset/a-token-of-the-account"}

HOUSE = {
    "operator": "Example Vendor",
    "programme": "Claimed Partner of Record (CPOR)",
    "guide_url": "https://vendor.example.com/programme-guide",
}
CLAIM: dict[str, Any] = {
    **HOUSE,
    "reference": "K7QM-2RXD",
    "claim_name": "Adatum rollout",
    "partner": "Fabrikam Consulting",
    "mpn_id": "2000117",
    "customer": "Adatum Corporation",
    "tenant_id": "5a0f8a3e-2f6b-4c55-9d0b-3b1d0d2f4e11",
    "area": "Microsoft 365",
    "activity": "Usage",
    "products": ["Exchange Online", "Teams", "OneDrive for Business"],
    "due_at": END,
}
NOT_DUE = {**CLAIM, "due_at": None}
CUSTOMER = {
    **NOT_DUE,
    "contact": "Jamie Doe",
    "did": catalogue.load().for_customers("microsoft-365", "usage"),
    "replaces": False,
}
DENIAL = {
    "reason": "No longer our partner",
    "words": "We moved to another partner in June.\nPlease ask Robin for details.",
    "way": "on the page of the link",
    "at": AT,
    "is_late": False,
}
REJECTION = {
    **NOT_DUE,
    "reason": "Insufficient proof of execution",
    "detail": "",
    "comment": "The statement of work is not signed.\n\nIt also names another tenant.",
    "dispute_until": "2026-12-30T22:59:59+00:00",
}
ASTRAY = [
    {"name": "Jamie Doe", "why": "They say that they are not the right person."},
    {"name": "Robin Roe", "why": "The notice to them could not be delivered."},
]
REVIEWER = {**CLAIM, "for_reviewer": True}
RIVALS = [
    {"reference": "T4WN-8HCP", "partner": "Litware", "was_over": False},
    {"reference": "B6XJ-3VQE", "partner": "Northwind Services", "was_over": True},
]
COMMENT = {"comment": "The signed page is page 4.\nSee the second document.", "author": "Robin Roe"}
FAILED = {
    "failed_kind": "consent-notice",
    "failed_name": "Jamie Doe",
    "answer": "550 5.1.1",  # partners read the codes alone
}
IN_FULL = {"answer": "550 5.1.1 <jamie.doe@adatum.example.org>: no such mailbox"}

SPECIMENS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "claim-received": ({**CLAIM, "is_disputed": False, "is_resubmitted": False}, {}),
    "claim-received--resubmitted": ({**CLAIM, "is_disputed": False, "is_resubmitted": True}, {}),
    "claim-received--resubmitted-to-anyone": (
        {**CLAIM, "is_disputed": False, "is_resubmitted": True, "is_anyones": True},
        {},
    ),
    "claim-received--disputed": ({**CLAIM, "is_disputed": True, "is_resubmitted": False}, {}),
    "review-started": (CLAIM, {}),
    "information-requested": (
        {
            **NOT_DUE,
            "days": 5,
            "asks": [
                {"reason": "Missing or old dates", "products": [], "words": "The contract has no date."},
                {"reason": "Missing products", "products": ["Teams", "OneDrive for Business"], "words": ""},
            ],
            "comment": "The rest is complete.",
        },
        {},
    ),
    "information-requested--copy": (
        {
            **NOT_DUE,
            "days": 5,
            "asks": [{"reason": "Missing or old dates", "words": ""}],
            "comment": "",
            "copy_of": AT,
        },
        {},
    ),
    "approved": ({**NOT_DUE, "days": 7.0, "needs_yes": False}, {}),
    "approved--over-another": (
        {
            **NOT_DUE,
            "days": 7.0,
            "needs_yes": False,
            "rationale": "The newer order, of October, names this partner for Teams.",
        },
        {},
    ),
    "approved--needs-yes": ({**NOT_DUE, "days": 7.0, "needs_yes": True}, {}),
    "rejected": (REJECTION, {}),
    "rejected--customer-decline": ({**REJECTION, "reason": "Customer decline", "comment": ""}, {}),
    "rejected--after-the-consent-period": (
        {**REJECTION, "reason": "Customer decline", "comment": "", "is_late": True},
        {},
    ),
    "rejected--no-yes": (
        {**REJECTION, "reason": "Customer decline", "comment": "", "no_yes_by": END, "dispute_until": None},
        {},
    ),
    "rejected--final": (
        {
            **REJECTION,
            "reason": "Partner request",
            "detail": "Incorrect MPN ID",
            "comment": "",
            "dispute_until": None,
        },
        {},
    ),
    "rejected--dispute-decided": ({**REJECTION, "dispute_until": None, "decides_dispute": True}, {}),
    "consent-period-passed": (NOT_DUE, {}),
    "association-contested": (
        {**NOT_DUE, "rationale": "The newer order, of October, names the other partner for Teams."},
        {},
    ),
    "assessment-result": ({**NOT_DUE, "state": "eligible", "reasons": []}, {}),
    "assessment-result--not-eligible": (
        {**NOT_DUE, "state": "not-eligible", "reasons": ["This activity never earns incentives."]},
        {},
    ),
    "contact-needed": ({**NOT_DUE, "contact_due": None, "astray": ASTRAY[:1]}, {}),
    "contact-needed--due": ({**NOT_DUE, "contact_due": END, "astray": ASTRAY}, {}),
    "contact-needed--turned-down": (
        {
            **NOT_DUE,
            "contact_due": None,
            "astray": ASTRAY[:1],
            "turned_down": {"name": "Sam Soto", "why": "A private address.\nPlease name somebody at Adatum."},
        },
        {},
    ),
    "consent-period-goes-on": (
        {**NOT_DUE, "end": None, "needs_yes": False, "is_waiting": True, "asked_again": ["Jamie Doe"]},
        {},
    ),
    "consent-period-goes-on--at-once": (
        {**NOT_DUE, "end": END, "needs_yes": False, "is_waiting": False, "asked_again": []},
        {},
    ),
    "partner-reminder": ({**CLAIM, "for_contact": False}, {}),
    "partner-reminder--contact": ({**CLAIM, "for_contact": True, "astray": ASTRAY[:1]}, {}),
    "partner-reminder--in-stead": ({**CLAIM, "for_contact": False, "in_stead": True}, {}),
    "consent-notice": (CUSTOMER, ASKING),
    "consent-notice--no-header": (CUSTOMER, {**ASKING, "one_click": ""}),
    "consent-notice--again": (CUSTOMER, {**ASKING, "again": "yes"}),
    "consent-notice--over-another": ({**CUSTOMER, "replaces": True}, ASKING),
    "confirmation-request": (CUSTOMER, ASKING),
    "yes-confirmation": ({**CUSTOMER, "end": END}, {"yes_url": YES}),
    "yes-confirmation--no-end": ({**CUSTOMER, "end": None}, {"yes_url": YES}),
    "association-ended": (CUSTOMER, {}),
    "denial-recorded": ({**CUSTOMER, **DENIAL, "undo_until": END}, {"undo_url": UNDO}),
    "denial-recorded--mail-client": (
        {
            **CUSTOMER,
            **DENIAL,
            "reason": "None given",
            "words": "",
            "way": "with the button of a mail client",
            "undo_until": END,
        },
        {"undo_url": UNDO},
    ),
    "denial-recorded--copy": (
        {**CUSTOMER, **DENIAL, "undo_until": END, "copy_of": AT},
        {"undo_url": UNDO},
    ),
    "denial-recorded--other-contact": (
        {**CUSTOMER, **DENIAL, "words": "", "is_late": True, "undo_until": None},
        {},
    ),
    "denial-undone": ({**CUSTOMER, "end": END, "needs_yes": False}, {"deny_url": DENY}),
    "denial-undone--own-link": ({**CUSTOMER, "end": END, "needs_yes": False, "is_own": True}, {"deny_url": DENY}),
    "denial-undone--stopped": ({**CUSTOMER, "end": None, "needs_yes": False, "is_stopped": True}, {"deny_url": DENY}),
    "denial-undone--reviewed": (
        {**CUSTOMER, "end": None, "needs_yes": False, "is_stopped": True, "needs_contact": False},
        {"deny_url": DENY},
    ),
    "denial-undone--needs-yes": ({**CUSTOMER, "end": None, "needs_yes": True}, {"deny_url": DENY}),
    "denial-recorded-partner": ({**NOT_DUE, **DENIAL}, {}),
    "denial-recorded-partner--mail-client": (
        {
            **NOT_DUE,
            **DENIAL,
            "reason": "None given",
            "words": "",
            "way": "with the button of a mail client",
            "is_late": True,
        },
        {},
    ),
    "denial-undone-partner": ({**NOT_DUE, "end": END, "needs_yes": False}, {}),
    "denial-undone-partner--needs-yes": ({**NOT_DUE, "end": END, "needs_yes": True}, {}),
    "denial-undone-partner--waiting": ({**NOT_DUE, "end": None, "needs_yes": False, "is_waiting": True}, {}),
    "denial-undone-partner--waiting-needs-yes": ({**NOT_DUE, "end": None, "needs_yes": True, "is_waiting": True}, {}),
    "denial-undone-partner--contact": (
        {**NOT_DUE, "end": None, "needs_yes": False, "is_stopped": True, "needs_contact": True},
        {},
    ),
    "denial-undone-partner--stopped": ({**NOT_DUE, "end": None, "needs_yes": False, "is_stopped": True}, {}),
    "denial-by-replaced": ({**REVIEWER, "words": DENIAL["words"]}, {}),
    "competing-associations": ({**REVIEWER, "others": RIVALS[:1], "lacking_yes": []}, {}),
    "competing-associations--decided": ({**REVIEWER, "others": RIVALS, "lacking_yes": []}, {}),
    "competing-associations--needs-yes": ({**REVIEWER, "others": RIVALS[:1], "lacking_yes": ["K7QM-2RXD"]}, {}),
    "new-comment": ({**CLAIM, **COMMENT, "by_partner": False}, {}),
    "new-comment--to-reviewer": ({**REVIEWER, **COMMENT, "by_partner": True}, {}),
    "not-delivered": ({**CLAIM, **FAILED}, {}),
    "not-delivered--of-a-request": (
        {**CLAIM, **FAILED, "failed_kind": "information-requested", "failed_name": "Robin Roe"},
        {},
    ),
    "not-delivered--to-reviewer": ({**REVIEWER, **FAILED, **IN_FULL}, {}),
    "not-delivered--in-doubt": ({**CLAIM, **FAILED, "in_doubt": True}, {}),
    "not-delivered--in-doubt-to-reviewer": ({**REVIEWER, **FAILED, **IN_FULL, "in_doubt": True}, {}),
    "closing-held": ({**HOUSE, "notices": 41, "failed": 23, "at": AT}, {}),
    "overdue-digest": (
        {
            **HOUSE,
            "claims": [
                {"reference": "K7QM-2RXD", "name": "Adatum rollout", "due_at": END},
                {"reference": "T3WC-9HFE", "name": "Contoso 2026", "due_at": AT},
            ],
        },
        {},
    ),
    "password-reset": (HOUSE, ACCOUNT),
    "invitation": (
        {**HOUSE, "organisation": "Fabrikam Consulting", "role": "Incentives admin", "by": "Ines Ito", "by_id": "7"},
        ACCOUNT,
    ),
    "invitation--by-nobody": (
        {**HOUSE, "organisation": "Example Vendor", "role": "Administrator", "by": "", "by_id": ""},
        ACCOUNT,
    ),
    "security-notice": (
        {
            **HOUSE,
            "what": "A passkey was added.",
            "label": "Phone",
            "by": "",
            "browser": "Firefox · Linux",
            "network": "192.0.2.x",
            "at": AT,
        },
        {},
    ),
    "security-notice--by-another": (
        {
            **HOUSE,
            "what": "The second factor was reset by an administrator.",
            "label": "",
            "by": "Sam Okafor",
            "browser": "",
            "network": "",
            "at": AT,
        },
        {},
    ),
}
"""By kind, or kind--branch: the context and the links."""


def kind_of(name: str) -> str:
    """Return the kind of a specimen."""
    return name.partition("--")[0]
