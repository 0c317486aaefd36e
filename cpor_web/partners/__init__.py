"""The partner's pages: customer associations, a claim, its history, earnings, the team."""

from cpor_web.partners import (
    claim,
    claim_form,
    dashboard,
    deadlines,
    earnings,
    history,
    importing,
    records,
    steps,
    team,
)
from cpor_web.partners.blueprint import bp

__all__ = [
    "bp",
    "claim",
    "claim_form",
    "dashboard",
    "deadlines",
    "earnings",
    "history",
    "importing",
    "records",
    "steps",
    "team",
]
