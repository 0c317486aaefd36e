"""What can happen to a claim: one verb each, always in the same rhythm: hold, check, change, advance.

Every verb is one step of the caller's transaction. `seen` is the version that the person's page showed. All raise
Refused, in one of its forms, and the caller then rolls back: everything happens or nothing.
"""

from cpor_web.claims.assigning import assign, give_back, go_on, take_next
from cpor_web.claims.contesting import dispute, withdraw
from cpor_web.claims.deciding import (
    approve,
    confirm_contact,
    reject,
    request_information,
    request_taken,
    start_review,
    take_over,
)
from cpor_web.claims.filing import create, delete_draft, resubmit, save, submit, upload
from cpor_web.claims.judging import judge
from cpor_web.claims.preflight import locate
from cpor_web.claims.proof import take_off
from cpor_web.claims.talking import comment, deal_with, note, send_again

__all__ = [
    "approve",
    "assign",
    "comment",
    "confirm_contact",
    "create",
    "deal_with",
    "delete_draft",
    "dispute",
    "give_back",
    "go_on",
    "judge",
    "locate",
    "note",
    "reject",
    "request_information",
    "request_taken",
    "resubmit",
    "save",
    "send_again",
    "start_review",
    "submit",
    "take_next",
    "take_off",
    "take_over",
    "upload",
    "withdraw",
]
