"""The lines of the partner's list: what each decides by, and the words that are one claim's own."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from flask import get_template_attribute
from markupsafe import Markup

from cpor_web.claims.competing import Ending
from cpor_web.claims.listed import ListedClaim
from cpor_web.claims.next_steps import NextStep
from cpor_web.claims.way import Who
from cpor_web.rules.reasons import Request
from cpor_web.rules.statuses import Status
from cpor_web.web import drawn
from cpor_web.web.drawn import Words
from cpor_web.web.pages import telling

Row = tuple[ListedClaim, NextStep]


class Line(NamedTuple):
    """All that a line decides by. Nothing in it is any claim's own: lines are kept by it."""

    status: Status
    sentence: str
    is_disputed: bool
    is_your_turn: bool
    is_overdue: bool
    has_customer: bool
    has_deadline: bool
    may_end: bool
    needs_contact: bool
    asked: tuple[Request, ...]


def of(rows: Iterable[Row], endings: Mapping[int, Ending]) -> Markup:
    """Return the lines of these claims; `endings` has what would end some of them."""
    return drawn.lines("partners/_line.html", _lines(rows, endings))


def urgent(rows: Iterable[Row]) -> Markup:
    """Return these claims as they are named on top, by what their lines decide by."""
    return drawn.lines("partners/_urgent.html", _lines(rows, {}))


def _lines(rows: Iterable[Row], endings: Mapping[int, Ending]) -> Iterator[tuple[Line, Words]]:
    told = telling()
    for claim, step in rows:
        ending = endings.get(claim.id)
        line = Line(
            status=claim.status,
            sentence=step.sentence,
            is_disputed=claim.is_disputed,
            is_your_turn=step.who is Who.PARTNER and claim.status is not Status.REJECTED,
            is_overdue=step.is_overdue,
            has_customer=bool(claim.customer_name),
            has_deadline=step.by is not None,
            may_end=ending is not None,
            needs_contact=step.needs_contact,
            asked=claim.asked,
        )
        words = {"reference": claim.reference, "name": claim.name, "customer": claim.customer_name or ""}
        yield line, words | told.deadline(step.by, step.rule) | {"ending": _told(ending) if ending else ""}


def _told(ending: Ending) -> Markup:
    return Markup(get_template_attribute("partners/_ending.html", "ending")(ending))  # noqa: S704 - of a template
