"""The guide's editions: each sets every period, and where a submitted claim can still be edited."""

from typing import NamedTuple

from cpor_web.rules.deadlines import Periods
from cpor_web.rules.statuses import Status


class Edition(NamedTuple):
    """One edition of the guide."""

    periods: Periods
    correctable_in: frozenset[Status]


EDITIONS = {
    "2020": Edition(
        Periods(submitted=5, review=5, partner=5, consent=7, dispute=30, dispute_review=5),
        frozenset({Status.SUBMITTED, Status.PARTNER_ACTION_REQUIRED}),
    ),
    "2023": Edition(
        Periods(submitted=5, review=14, partner=14, consent=7, dispute=30, dispute_review=5),
        frozenset({Status.PARTNER_ACTION_REQUIRED}),
    ),
}
"""By the year in which they were published; a period that the operator sets by hand wins over the edition."""
