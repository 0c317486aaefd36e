"""The reviewers' pages: the queue, a claim with everything on one page, its history, the mails, the figures."""

from cpor_web.reviewers import (
    asking,
    deadlines,
    decisions,
    figures,
    grid,
    history,
    mails,
    page,
    queue,
    received,
    records,
    taking,
    talk,
    words,
)
from cpor_web.reviewers.blueprint import bp

__all__ = [
    "asking",
    "bp",
    "deadlines",
    "decisions",
    "figures",
    "grid",
    "history",
    "mails",
    "page",
    "queue",
    "received",
    "records",
    "taking",
    "talk",
    "words",
]
