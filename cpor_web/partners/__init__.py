"""The partner's pages: customer associations, a claim, its history, earnings, the team."""

from cpor_web.partners import (
    claim,
    claim_form,
    clearing,
    dashboard,
    deadlines,
    earnings,
    export,
    history,
    importing,
    mails,
    proof_check,
    records,
    removing,
    saved_filters,
    steps,
    submitting,
    team,
)
from cpor_web.partners.blueprint import bp

__all__ = [
    "bp",
    "claim",
    "claim_form",
    "clearing",
    "dashboard",
    "deadlines",
    "earnings",
    "export",
    "history",
    "importing",
    "mails",
    "proof_check",
    "records",
    "removing",
    "saved_filters",
    "steps",
    "submitting",
    "team",
]
