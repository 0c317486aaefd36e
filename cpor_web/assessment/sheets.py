"""Assessments as tables, for an operator that assesses in a spreadsheet: what waits goes out, results come back.

The columns keep their names in every language. What went out can be filled in and come back: of it only `assessment`,
`state` and `reasons` are read, and rows without a state still wait.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from cpor_web.assessment import payload, results
from cpor_web.assessment.queries import Correction
from cpor_web.assessment.results import Result
from cpor_web.catalogue import Catalogue
from cpor_web.models import Assessment, AssessmentState
from cpor_web.programme import Programme
from cpor_web.rules.exc import Invalid, NotAllowed
from cpor_web.rules.roles import Actor
from cpor_web.rules.words import N_
from cpor_web.tables import NotImported, Problem

FACTS = (
    "assessment",
    "claim",
    "partner",
    "mpn_id",
    "mpn_kind",
    "tenant_id",
    "subscription_id",
    "area",
    "activity",
    "programme",
    "products",
    "approved_at",
    "passed_at",
)
WAITING_HEADER = (*FACTS, "state", "reasons")
CORRECTIONS_HEADER = ("correction", "assessment", "claim", "kind", "at", "why")
NEEDED = ("assessment", "state", "reasons")
BETWEEN = "|"
"""What parts several products or reasons in one cell."""

DELIMITERS = ",;\t"
MOST_RESULTS = 2000
"""Rows that have a result; the others of what went out come back with them, however many wait."""

AT_ONCE = 50
"""How many results one transaction records: a second's work, for which a customer's denial may have to wait."""

KINDS = {"assessment:flagged": "ended", "assessment:restored": "restored"}


def waiting_rows(records: Iterable[Assessment], catalogue: Catalogue) -> Iterator[list[object]]:
    """Yield what waits, a row each under WAITING_HEADER, with room for the result."""
    for record in records:
        facts = payload.about(record, catalogue)
        facts["products"] = BETWEEN.join(facts["products"])
        yield [*(facts[name] for name in FACTS), "", ""]


def correction_rows(corrections: Iterable[Correction]) -> Iterator[list[object]]:
    """Yield corrections, a row each under CORRECTIONS_HEADER; `correction` is the same in every table."""
    for each in corrections:
        event = each.event
        at = event.at.isoformat(timespec="seconds")
        yield [event.id, each.assessment_id, each.reference, KINDS[event.kind], at, event.data.get("why", "")]


class Row(NamedTuple):
    """A result, and the number of its row in the table."""

    number: int
    result: Result


def read(session: Session, table: bytes) -> list[Row]:
    """Return the results of a table, in an order in which two tables at once never wait for each other.

    Raises Invalid for what is no table, NotImported with all that is wrong in one: nothing of such a table is to be
    recorded. Locks nothing, so another result can still come before `record`.
    """
    rows, problems = _read(table)
    ids = {row.result.assessment_id for row in rows if 0 < row.result.assessment_id <= results.GREATEST_ID}
    known = {each.id: each for each in session.execute(_known().where(Assessment.id.in_(ids)))}
    recorded = {
        each.id: (each.state, each.reasons) for each in known.values() if each.state is not AssessmentState.QUEUED
    }
    for number, result in rows:
        if result.assessment_id not in known:
            problems.append(Problem(number, "assessment", Invalid(N_("There is no such assessment."))))
        elif not results.is_again(result, *recorded.setdefault(result.assessment_id, (result.state, result.reasons))):
            problems.append(Problem(number, "state", NotAllowed(results.ANOTHER)))
    if problems:
        raise NotImported(problems)
    return sorted(rows, key=lambda row: known[row.result.assessment_id].claim_id)


def parts(rows: list[Row]) -> Iterator[list[Row]]:
    """Yield rows, as many at a time as are recorded in one transaction: their claims are locked until its end."""
    for first in range(0, len(rows), AT_ONCE):
        yield rows[first : first + AT_ONCE]


def record(
    session: Session, rows: list[Row], *, actor: Actor, now: datetime, programme: Programme
) -> tuple[int, list[Problem]]:
    """Record results that `read` has found right; return how many were new, and what came too late."""
    new, problems = 0, []
    for number, result in rows:
        try:
            new += results.record(session, result, actor=actor, now=now, programme=programme)
        except NotAllowed as refused:
            problems.append(Problem(number, "state", refused))
    return new, problems


def _known() -> Select[tuple[int, int, AssessmentState, list[Any]]]:
    return select(Assessment.id, Assessment.claim_id, Assessment.state, Assessment.reasons)


def _read(table: bytes) -> tuple[list[Row], list[Problem]]:
    rows = _rows(table)
    header = [name.strip().lower() for name in rows[0]] if rows else []
    missing = [Problem(1, name, Invalid(N_("This column is missing."))) for name in NEEDED if name not in header]
    if missing:
        raise NotImported(missing)
    columns = {name: header.index(name) for name in NEEDED}
    found: list[Row] = []
    problems: list[Problem] = []
    for number, row in enumerate(rows[1:], start=2):
        cells = {name: row[at].strip() if at < len(row) else "" for name, at in columns.items()}
        if not cells["state"] and not cells["reasons"]:
            continue
        if len(found) + len(problems) == MOST_RESULTS:
            most = {"most": MOST_RESULTS}
            raise NotImported([Problem(number, "", Invalid(N_("At most %(most)s results at once."), most))])
        try:
            found.append(Row(number, results.read(_as_message(cells))))
        except Invalid as invalid:
            problems.append(Problem(number, invalid.field_name, invalid))
    return found, problems


def _as_message(cells: dict[str, str]) -> dict[str, object]:
    number, reasons = cells["assessment"], cells["reasons"]
    return {
        "assessment": int(number) if number.isascii() and number.isdigit() and len(number) < 20 else number,
        "state": cells["state"].lower(),
        "reasons": [each.strip() for each in reasons.split(BETWEEN)] if reasons else [],
    }


def _rows(table: bytes) -> list[list[str]]:
    try:
        text = table.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(N_("This is not a table in CSV, UTF-8.")) from None
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            rows.append(row)
    except csv.Error:
        problem = Problem(len(rows) + 1, "", Invalid(N_("This row cannot be read as CSV.")))
        raise NotImported([problem]) from None
    return rows
