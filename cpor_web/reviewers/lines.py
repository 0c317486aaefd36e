"""The lines of the review queue: what each decides by, and the words that are one claim's own."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from cpor_web import facts
from cpor_web.claims import listed, queries
from cpor_web.claims.listed import QueuedClaim
from cpor_web.claims.next_steps import NextStep, next_step
from cpor_web.extensions import db
from cpor_web.reviewers.queue_filter import within
from cpor_web.rules.statuses import Status
from cpor_web.web import drawn
from cpor_web.web.current import actor, programme_as_set_up
from cpor_web.web.drawn import Words
from cpor_web.web.pages import Telling, telling


class Line(NamedTuple):
    """All that a line decides by. Nothing in it is any claim's own: lines are kept by it."""

    status: Status
    is_disputed: bool
    is_contested: bool
    has_fresh_proof: bool
    has_reviewer: bool
    is_reviewer_active: bool
    can_be_started: bool
    is_overdue: bool
    sentence: str
    has_deadline: bool
    is_for_others: bool


def of(claims: Sequence[QueuedClaim]) -> Markup:
    """Return the lines of these claims, as the reviewer who asks sees them."""
    return drawn.lines("reviewers/_line.html", _lines(claims))


def _lines(claims: Sequence[QueuedClaim]) -> Iterator[tuple[Line, Words]]:
    told, reader, token, catalogue = telling(), actor(), generate_csrf(), programme_as_set_up().catalogue
    session, steps, filters = db.session(), _steps(claims, told), urlencode(within())
    for claim in claims:
        step = steps.get(claim.id)
        is_free = not claim.reviewer_id or claim.reviewer_id == reader.user_id or not claim.reviewer_is_active
        line = Line(
            status=claim.status,
            is_disputed=claim.is_disputed,
            is_contested=claim.is_contested,
            has_fresh_proof=claim.has_fresh_proof,
            has_reviewer=claim.reviewer_id is not None,
            is_reviewer_active=bool(claim.reviewer_is_active),
            can_be_started=claim.status is Status.SUBMITTED and is_free,
            is_overdue=queries.is_overdue(claim, told.now),
            sentence=step.for_reviewer if step else "",
            has_deadline=claim.due_at is not None or (step is not None and step.by is not None),
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
            "within": filters and f"?{filters}",
        }
        by, rule = (claim.due_at, claim.due_rule) if step is None else (step.by, step.rule)
        yield line, words | told.deadline(by, rule)


def _steps(claims: Sequence[QueuedClaim], told: Telling) -> dict[int, NextStep]:
    """Return what is next with those that have no deadline of the operator's or of an answer to it, by id."""
    ids = [claim.id for claim in claims if claim.due_at is None]
    return {
        line.claim.id: next_step(
            line.claim, line.round, now=told.now, assessment=line.assessment, is_held=line.is_held
        )
        for line in listed.lines(db.session(), ids)
    }
