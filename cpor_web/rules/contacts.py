"""Who may be asked at the customer: the partner names the very person who can veto its claim."""

from collections.abc import Iterable
from typing import NamedTuple

from cpor_web.rules.words import N_

FREE_MAIL = frozenset(
    {
        "aol.com",
        "freemail.hu",
        "gmail.com",
        "gmx.at",
        "gmx.ch",
        "gmx.de",
        "gmx.net",
        "googlemail.com",
        "hotmail.com",
        "icloud.com",
        "live.com",
        "mail.com",
        "me.com",
        "outlook.com",
        "proton.me",
        "protonmail.com",
        "t-online.de",
        "telia.com",
        "web.de",
        "yahoo.com",
        "ziggo.nl",
    }
)
"""Domains where anybody can have an address."""

ROLE_NAMES = frozenset(
    {
        "abuse",
        "admin",
        "administrator",
        "contact",
        "hello",
        "help",
        "helpdesk",
        "hostmaster",
        "info",
        "it",
        "mail",
        "marketing",
        "noreply",
        "no-reply",
        "office",
        "postmaster",
        "root",
        "sales",
        "service",
        "support",
        "team",
        "webmaster",
    }
)
"""Local parts that several people read, or nobody."""


class Concern(NamedTuple):
    """What is the matter with an address. `is_refused` addresses cannot be named at all; the others need a reason."""

    sentence: str
    is_refused: bool = False


PARTNERS_OWN = Concern(
    N_("This is an address of your own organisation. Name somebody at the customer."), is_refused=True
)
ELSEWHERE = Concern(
    N_("This address is not within the customer's domain, %(domain)s. Correct that, or say why the address is right.")
)
FREE = Concern(N_("This is a free-mail address. Say why it is the right one."))
SHARED = Concern(N_("This looks like an address that several people read. Say why it is the right one."))


def concern(address: str, *, customer_domain: str, partner_domains: Iterable[str]) -> Concern | None:
    """Return what is the matter with a customer contact's address, or None. Compares without regard to case."""
    local, _, domain = address.strip().lower().rpartition("@")
    if any(is_within(domain, own.lower()) for own in partner_domains):
        return PARTNERS_OWN
    if domain in FREE_MAIL:
        return FREE
    if customer_domain and not is_within(domain, customer_domain.strip().lower()):
        return ELSEWHERE
    if local.split("+")[0] in ROLE_NAMES:
        return SHARED
    return None


def is_within(domain: str, of: str) -> bool:
    """Tell whether a domain is another, or within it. Both in the form in which they are compared."""
    return domain == of or domain.endswith("." + of)
