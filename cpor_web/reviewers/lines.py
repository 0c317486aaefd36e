"""The lines of the review queue: what each decides by, and the words that are one claim's own."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from cpor_web import drawn, facts
from cpor_web.claims import queries
from cpor_web.claims.listed import QueuedClaim
from cpor_web.current import actor, programme_as_set_up
from cpor_web.drawn import Words
from cpor_web.extensions import db
from cpor_web.pages import Telling, telling
from cpor_web.rules.statuses import Status


class Line(NamedTuple):
    """All that a line decides by. Nothing in it is any claim's own: lines are kept by it."""

    status: Status
    is_disputed: bool
    is_contested: bool
    has_fresh_proof: bool
    has_reviewer: bool
    can_be_started: bool
    is_overdue: bool
    has_deadline: bool
    is_for_others: bool


def of(claims: Iterable[QueuedClaim]) -> Markup:
    """Return the lines of these claims, as the reviewer who asks sees them."""
    return drawn.lines("reviewers/_line.html", _lines(claims))


def _lines(claims: Iterable[QueuedClaim]) -> Iterator[tuple[Line, Words]]:
    told, reader, token, catalogue = telling(), actor(), generate_csrf(), programme_as_set_up().catalogue
    session = db.session()
    for claim in claims:
        is_free = not claim.reviewer_id or claim.reviewer_id == reader.user_id or not claim.reviewer_is_active
        line = Line(
            status=claim.status,
            is_disputed=claim.is_disputed,
            is_contested=claim.is_contested,
            has_fresh_proof=claim.has_fresh_proof,
            has_reviewer=claim.reviewer_id is not None,
            can_be_started=claim.status is Status.SUBMITTED and is_free,
            is_overdue=queries.is_overdue(claim, told.now),
            has_deadline=claim.due_at is not None,
            is_for_others=claim.status is Status.UNDER_REVIEW and not facts.may_review(session, claim, reader),
        )
        words = {
            "reference": claim.reference,
            "name": claim.name,
            "partner": claim.partner_name,
            "customer": claim.customer_name or "",
            "activity": catalogue.activity_name(claim.activity),
            "area": catalogue.area_name(claim.area),
            "reviewer": claim.reviewer_name or "",
            "version": str(claim.version),
            "token": token,
        }
        yield line, words | _deadline(claim, told)


def _deadline(claim: QueuedClaim, told: Telling) -> Words:
    due = claim.due_at
    if due is None:
        return {"left": "", "due": "", "due_for_machines": ""}
    machines = due.isoformat(timespec="seconds")
    return {"left": told.left(due, claim.due_rule), "due": told.moment(due), "due_for_machines": machines}
