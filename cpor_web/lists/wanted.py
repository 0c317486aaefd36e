"""What of the partner's claims a list is asked for, and in which order."""

from dataclasses import dataclass
from enum import StrEnum

from cpor_web.claims.way import Who
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_


class Sort(StrEnum):
    """What the dashboard can be sorted by; the first is how it is shown unasked."""

    URGENT = "urgent"
    DUE = "due"
    CHANGED = "changed"
    NEWEST = "newest"
    CUSTOMER = "customer"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Sort.URGENT: N_("Your turn first"),
    Sort.DUE: N_("Deadline"),
    Sort.CHANGED: N_("Latest change"),
    Sort.NEWEST: N_("Newest claim"),
    Sort.CUSTOMER: N_("Customer"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the partner's claims is to be listed, and in which order. Empty means all.

    `must_act`: only those that the partner loses by doing nothing.
    """

    status: Status | None = None
    search: str = ""
    who: Who | None = None
    must_act: bool = False
    area: str = ""
    mpn_id: str = ""
    sort: Sort = Sort.URGENT


ALL = Wanted()
