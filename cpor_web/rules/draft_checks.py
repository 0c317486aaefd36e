"""The checks of a draft: one list of what it is refused for, asked a reason for, or warned of.

A check looks at what was `Seen` of a draft and says what is the matter in a sentence, or nothing. What is merely no
domain, GUID or address is not their concern: `claims.problems` tells that first.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from cpor_web.rules.contacts import ELSEWHERE, FREE, FREE_MAIL, PARTNERS_OWN, SHARED, Concern, concern, is_within
from cpor_web.rules.words import N_

Values = Mapping[str, str | tuple[str, ...]]


class Consequence(StrEnum):
    """What follows from a finding: nothing is saved, nothing is saved without a reason, or it is told."""

    REFUSED = "refused"
    NEEDS_A_REASON = "needs a reason"
    WARNED = "warned"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the checks look at.

    `own_mpn_ids` tells of each of the partner's numbers whether it is an enrolled location. `addresses` are the
    customer contacts' by the form's prefix. `domains` and `references` are of the partner's other claims that are
    open or approved: the customer domains that it named for this tenant, and what has this tenant and one of these
    products, or this subscription. `tenants` are those that it named for this domain, the newest first, each with a
    claim that names it. `today` is the operator's day.
    """

    mpn_id: str = ""
    own_mpn_ids: Mapping[str, bool] = field(default_factory=dict)
    activity: str = ""
    earns: bool = True
    customer_domain: str = ""
    tenant: str = ""
    partner_domains: Iterable[str] = ()
    addresses: Mapping[str, str] = field(default_factory=dict)
    proof_date: date | None = None
    today: date | None = None
    domains: tuple[str, ...] = ()
    tenants: Mapping[str, str] = field(default_factory=dict)
    references: tuple[str, ...] = ()


class Finding(NamedTuple):
    """What a check found: at which field, in which sentence (a msgid) with which values, and what follows."""

    check: str
    field: str
    sentence: str
    values: Values
    consequence: Consequence

    @property
    def mark(self) -> str:
        """Tells this finding from one of the same check about something else."""
        said = (", ".join(each) if not isinstance(each, str) else each for each in self.values.values())
        return " ".join((self.check, self.field, *said))


class Check(NamedTuple):
    """A row of the list. `look` returns the values of the sentence where it applies, None where it does not."""

    name: str
    field: str
    sentence: str
    look: Callable[[Seen], Values | None]
    consequence: Consequence = Consequence.WARNED


def findings(seen: Seen) -> list[Finding]:
    """Return what the checks find, in the order of the list."""
    looked = ((check, check.look(seen)) for check in CHECKS)
    return [
        Finding(check.name, check.field, check.sentence, values, check.consequence)
        for check, values in looked
        if values is not None
    ]


def a_year_before(day: date) -> date:
    """Return the same day of the year before; of a 29 February, the 28th."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _where(holds: bool, **values: str | tuple[str, ...]) -> Values | None:
    return values if holds else None


def _is_within(seen: Seen) -> bool:
    domain = seen.customer_domain
    return bool(domain) and any(is_within(domain, own) for own in seen.partner_domains)


def _is_too_old(seen: Seen) -> bool:
    return seen.proof_date is not None and seen.today is not None and seen.proof_date < a_year_before(seen.today)


def _is_to_come(seen: Seen) -> bool:
    return seen.proof_date is not None and seen.today is not None and seen.proof_date > seen.today


def _fits_no_earlier(seen: Seen) -> bool:
    return bool(seen.customer_domain and seen.domains) and seen.customer_domain not in seen.domains


def _known_elsewhere(seen: Seen) -> Values | None:
    if not seen.tenant or not seen.tenants or seen.tenant in seen.tenants:
        return None
    tenant, claim = next(iter(seen.tenants.items()))
    return {"domain": seen.customer_domain, "tenant": tenant, "claims": (claim,)}


def _of_contact(prefix: str) -> Iterator[Check]:
    for name, about in (
        ("partners-own-address", PARTNERS_OWN),
        ("address-elsewhere", ELSEWHERE),
        ("free-mail-address", FREE),
        ("shared-address", SHARED),
    ):
        yield Check(
            name,
            f"{prefix}_email" if about.is_refused else f"{prefix}_reason",
            about.sentence,
            _names(prefix, about),
            Consequence.REFUSED if about.is_refused else Consequence.NEEDS_A_REASON,
        )


def _names(prefix: str, about: Concern) -> Callable[[Seen], Values | None]:
    def look(seen: Seen) -> Values | None:
        address = seen.addresses.get(prefix, "")
        found = address and concern(
            address, customer_domain=seen.customer_domain, partner_domains=seen.partner_domains
        )
        return _where(found is about, domain=seen.customer_domain)

    return look


CHECKS = (
    Check(
        "stranger-mpn-id",
        "mpn_id",
        N_("This is not one of your organisation's MPN IDs. Choose one of the list."),
        lambda seen: _where(bool(seen.mpn_id) and seen.mpn_id not in seen.own_mpn_ids),
        Consequence.REFUSED,
    ),
    Check(
        "global-mpn-id",
        "mpn_id",
        N_("This is a global MPN ID. A claim takes a location ID: only locations are enrolled and paid."),
        lambda seen: _where(seen.own_mpn_ids.get(seen.mpn_id) is False),
        Consequence.REFUSED,
    ),
    Check(
        "never-earns",
        "activity",
        N_("“%(activity)s” can be claimed, but it never earns incentives."),
        lambda seen: _where(not seen.earns, activity=seen.activity),
    ),
    Check(
        "free-mail-domain",
        "customer_domain",
        N_("Anybody can have an address at %(domain)s. Enter the customer's own domain, if there is one."),
        lambda seen: _where(seen.customer_domain in FREE_MAIL, domain=seen.customer_domain),
    ),
    Check(
        "partners-own-domain",
        "customer_domain",
        N_("%(domain)s is your own organisation's domain. Enter the customer's."),
        lambda seen: _where(_is_within(seen), domain=seen.customer_domain),
    ),
    Check(
        "tenant-of-another-domain",
        "tenant_id",
        N_("Another claim of yours names this tenant with the domain %(domains)s. Check which of the two is right."),
        lambda seen: _where(_fits_no_earlier(seen), domains=seen.domains),
    ),
    Check(
        "domain-of-another-tenant",
        "tenant_id",
        N_(
            "Another claim of yours, %(claims)s, names %(domain)s with the tenant %(tenant)s. "
            "Check which of the two is right."
        ),
        _known_elsewhere,
    ),
    Check(
        "claimed-already",
        "products",
        N_("You have claimed the same for this tenant already: %(claims)s."),
        lambda seen: _where(bool(seen.references), claims=seen.references),
    ),
    Check(
        "proof-too-old",
        "proof_date",
        N_("This is more than 12 months ago. Reviewers ask for newer proof."),
        lambda seen: _where(_is_too_old(seen)),
    ),
    Check(
        "proof-to-come",
        "proof_date",
        N_("This day is still to come, and proof of today cannot bear it. Check the date, its year above all."),
        lambda seen: _where(_is_to_come(seen)),
    ),
    *_of_contact("contact"),
    *_of_contact("second"),
)
"""Every check, in the order in which they are told."""
