"""The reasons that people choose from. To add one is to add a line."""

from enum import StrEnum
from typing import Self

from cpor_web.rules.words import N_


class Reason(StrEnum):
    """A reason: its stored value, the label that people read, and where it helps a sentence on what it means."""

    label: str
    meaning: str

    def __new__(cls, value: str, label: str = "", meaning: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.meaning = meaning
        return member


class Request(Reason):
    """Why a reviewer asks the partner for more."""

    ALL_PROOF = "missing-all-poe", N_("Missing all PoE"), N_("The file is wrong, or not about this claim.")
    ACKNOWLEDGMENT = (
        "missing-customer-acknowledgment",
        N_("Missing customer acknowledgment"),
        N_("The customer's signature is not on the proof."),
    )
    DATES = (
        "missing-or-old-dates",
        N_("Missing or old dates"),
        N_("Dates are missing, or older than 12 months before submission."),
    )
    SOLUTION = (
        "missing-partner-solution",
        N_("Missing partner solution/service"),
        N_("The description of the work is insufficient or absent."),
    )
    PRODUCTS = (
        "missing-products",
        N_("Missing products"),
        N_("A claimed product or workload is not in the proof. Say which."),
    )


class Rejection(Reason):
    """Why a claim was rejected."""

    PARTNER_REQUEST = "partner-request", N_("Partner request")
    CUSTOMER_DECLINE = "customer-decline", N_("Customer decline")
    INSUFFICIENT_PROOF = "insufficient-proof-of-execution", N_("Insufficient proof of execution")
    MISSING_CONSENT = "missing-customer-consent", N_("Missing customer consent on PoE")
    MISSING_PRODUCTS = "missing-products", N_("Missing products")
    NO_PARTNER_RESPONSE = "no-partner-response", N_("No partner response")
    PROOF_UNAVAILABLE = "poe-unavailable", N_("PoE unavailable")
    REPLACED = "replaced", N_("Another partner's claim was approved over it")


class Withdrawal(Reason):
    """Why a partner asks for the rejection of its own claim."""

    INCORRECT_MPN_ID = "incorrect-mpn-id", N_("Incorrect MPN ID")
    INCORRECT_ACTIVITY = "incorrect-activity", N_("Incorrect activity")
    CUSTOMER_LEFT = "no-longer-working-with-the-customer", N_("No longer working with the customer")


class Denial(Reason):
    """Why a customer denies; a mail client's own button gives no reason."""

    NOT_OUR_PARTNER = "not-our-partner", N_("Not our partner")
    NO_LONGER_OUR_PARTNER = "no-longer-our-partner", N_("No longer our partner")
    NOT_THESE_PRODUCTS = "not-these-products", N_("Not these products")
    OTHER = "other", N_("Other")
    NONE_GIVEN = "none-given", N_("None given")


class Way(Reason):
    """By which way a customer's answer came."""

    PAGE = "page", N_("on the page of the link")
    MAIL_CLIENT = "mail-client", N_("with the button of a mail client")
    REPLY = "reply", N_("in a reply that a reviewer read")


REVIEWERS_CHOICE = (
    Rejection.INSUFFICIENT_PROOF,
    Rejection.MISSING_CONSENT,
    Rejection.MISSING_PRODUCTS,
    Rejection.PROOF_UNAVAILABLE,
)
"""What a reviewer chooses among; the other rejections happen."""

CUSTOMERS_CHOICE = (
    Denial.NOT_OUR_PARTNER,
    Denial.NO_LONGER_OUR_PARTNER,
    Denial.NOT_THESE_PRODUCTS,
    Denial.OTHER,
)
"""What the customer's page offers, none of them preselected."""
