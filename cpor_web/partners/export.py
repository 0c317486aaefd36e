"""The claims that are filtered as a table: sent as they are read, however many there are."""

from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo
from functools import partial
from threading import BoundedSemaphore

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from cpor_web import downloads, spreadsheets
from cpor_web.accounts.access import allowed
from cpor_web.claims import lists
from cpor_web.claims.next_steps import NextStep
from cpor_web.current import actor, now, programme
from cpor_web.extensions import db
from cpor_web.models import Claim
from cpor_web.partners.blueprint import bp
from cpor_web.partners.dashboard import asked_for, with_steps
from cpor_web.partners.details import shown
from cpor_web.rules.fields import FIELDS
from cpor_web.rules.roles import PARTNER_ROLES

PROGRESS = "X-Progress"
"""The header of a script that shows how many rows have come: see `downloads.streamed`."""

MOST_AT_ONCE = 2
"""Exports that a process sends at the same time: each keeps a thread, and customers need some too."""

_running = BoundedSemaphore(MOST_AT_ONCE)


@bp.get("/claims.csv")
@allowed(PARTNER_ROLES)
def export_claims() -> ResponseReturnValue:
    """Give what is filtered, on all pages, as CSV."""
    return _sent("claims.csv", [_("Since"), _("Due")], UTC)


@bp.get("/claims.xlsx")
@allowed(PARTNER_ROLES)
def export_claims_as_workbook() -> ResponseReturnValue:
    """Give the same as a workbook."""
    zone = programme().calendar.zone  # a sheet's moments have none, so the header says it
    return _sent("claims.xlsx", [f"{label} ({zone.key})" for label in (_("Since"), _("Due"))], zone)


def _sent(filename: str, moments: Sequence[str], zone: tzinfo) -> ResponseReturnValue:
    """Send what is filtered; `moments` are the headers of the two columns of moments, which are told in `zone`."""
    since, due = moments
    header = [_("Reference"), _("Status"), since, _("What happens next"), due]
    header += [_(field.label) for field in FIELDS]
    most = spreadsheets.MOST_ROWS - 1
    wanted = asked_for()
    rows = lists.export(
        lambda: Session(db.engine), actor(), wanted, now=now(), most=most, read=partial(_read, zone=zone)
    )
    coming = (
        min(lists.number(db.session(), actor(), wanted, now=now()), most) if PROGRESS in request.headers else None
    )
    if not _running.acquire(blocking=False):
        flash(_("Other exports are under way. Try again in a minute."), "warning")
        return redirect(url_for("partners.dashboard"))
    db.session.close()  # what is sent is read on connections of its own, none of which idles
    answer = downloads.streamed(filename, header, rows, coming=coming)
    answer.call_on_close(_running.release)
    return answer


def _read(session: Session, claims: Sequence[Claim], *, zone: tzinfo) -> list[list[object]]:
    return [list(_row(*row, zone)) for row in with_steps(session, claims)]


def _row(claim: Claim, step: NextStep, zone: tzinfo) -> Iterator[object]:
    yield from (claim.reference, _(claim.status.label), claim.status_since.astimezone(zone), _(step.sentence))
    yield step.by and step.by.astimezone(zone)
    texts = {**shown(claim, programme().catalogue), "proof_date": claim.proof_date}
    yield from (texts[field.name] for field in FIELDS)
