"""Assessments as tables, for an operator that assesses in a spreadsheet: what waits goes out, results come back.

The columns keep their names in every language. What went out can be filled in and come back: of it only `assessment`,
`state` and `reasons` are read, and rows without a state still wait.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cpor_web.assessment import payload, results
from cpor_web.assessment.queries import Correction
from cpor_web.assessment.results import Result, UnknownAssessment
from cpor_web.catalogue import Catalogue
from cpor_web.models import Assessment
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
MOST_ROWS = 2000
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


def take(session: Session, table: bytes, *, actor: Actor, now: datetime, programme: Programme) -> int:
    """Record every result of a table and return how many were new.

    Raises Invalid for what is no table, NotImported with all that is wrong in one; the caller rolls back then.
    """
    found, problems = _read(table)
    new = 0
    for row, result in _in_order_of_locks(session, found):
        try:
            new += results.record(session, result, actor=actor, now=now, programme=programme)
        except UnknownAssessment:
            problems.append(Problem(row, "assessment", Invalid(N_("There is no such assessment."))))
        except NotAllowed as refused:
            problems.append(Problem(row, "state", refused))
    if problems:
        raise NotImported(problems)
    return new


def _in_order_of_locks(session: Session, found: Sequence[tuple[int, Result]]) -> list[tuple[int, Result]]:
    """Return rows by their claims: two tables at once then never wait for each other."""
    ids = [result.assessment_id for _, result in found if 0 < result.assessment_id <= results.GREATEST_ID]
    claims = dict(session.execute(select(Assessment.id, Assessment.claim_id).where(Assessment.id.in_(ids))).all())
    return sorted(found, key=lambda each: claims.get(each[1].assessment_id, 0))


def _read(table: bytes) -> tuple[list[tuple[int, Result]], list[Problem]]:
    rows = _rows(table)
    header = [name.strip().lower() for name in rows[0]] if rows else []
    missing = [Problem(1, name, Invalid(N_("This column is missing."))) for name in NEEDED if name not in header]
    if missing:
        raise NotImported(missing)
    if len(rows) - 1 > MOST_ROWS:
        most = {"most": MOST_ROWS}
        raise NotImported([Problem(len(rows), "", Invalid(N_("At most %(most)s rows at once."), most))])
    columns = {name: header.index(name) for name in NEEDED}
    found, problems = [], []
    for number, row in enumerate(rows[1:], start=2):
        cells = {name: row[at].strip() if at < len(row) else "" for name, at in columns.items()}
        if not cells["state"] and not cells["reasons"]:
            continue
        try:
            found.append((number, results.read(_as_message(cells))))
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
