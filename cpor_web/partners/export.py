"""The claims that are filtered as a table: sent as they are read, however many there are."""

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, tzinfo
from functools import partial
from threading import Lock

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from cpor_web import spreadsheets
from cpor_web.accounts.access import allowed
from cpor_web.claims import queries
from cpor_web.claims.next_steps import NextStep, next_step
from cpor_web.extensions import db
from cpor_web.lists import own
from cpor_web.models import Assessment, Claim, RoundState
from cpor_web.partners.blueprint import bp
from cpor_web.partners.claim import ASSESSED
from cpor_web.partners.dashboard import asked_for
from cpor_web.partners.details import shown
from cpor_web.rules.fields import FIELDS
from cpor_web.rules.roles import PARTNER_ROLES
from cpor_web.rules.statuses import Status
from cpor_web.silence import holding
from cpor_web.web import downloads
from cpor_web.web.current import actor, came_from_another_site, now, programme, user

PROGRESS = "X-Progress"
"""The header of a script that shows how many rows have come: see `downloads.streamed`."""

MOST_AT_ONCE = 2
"""Exports that a process sends at the same time: each keeps a thread, and customers need some too."""

LONGEST = 2 * 60 * 60
"""Seconds that one may take: whoever fetches a little now and then would keep their place for days."""


class TakesTooLong(Exception):
    """An export was not fetched in time. The line is cut, so nobody takes what came for the whole."""


class _Places:
    """Who is being sent an export: one each, and at most MOST_AT_ONCE together."""

    def __init__(self) -> None:
        self._lock, self._taken = Lock(), set[int]()

    def take(self, user_id: int) -> bool:
        with self._lock:
            has_room = user_id not in self._taken and len(self._taken) < MOST_AT_ONCE
            if has_room:
                self._taken.add(user_id)
            return has_room

    def give_back(self, user_id: int) -> None:
        with self._lock:
            self._taken.discard(user_id)


_places = _Places()


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
    if came_from_another_site():  # a link there would keep this server and this browser busy: the list has the button
        return redirect(f"{url_for('partners.dashboard')}?{request.query_string.decode(errors='replace')}")
    since, due = moments
    header = [_("Reference"), _("Status"), since, _("What happens next"), due]
    header += [_(field.label) for field in FIELDS]
    header += [_("Who acts next"), _("Reason for rejection"), _("Assessment for incentives")]
    most = spreadsheets.MOST_ROWS - 1
    wanted = asked_for()
    read = partial(_read, zone=zone)
    rows = _in_time(own.export(lambda: Session(db.engine), actor(), wanted, now=now(), most=most, read=read))
    coming = min(own.number(db.session(), actor(), wanted, now=now()), most) if PROGRESS in request.headers else None
    who = user().id
    db.session.close()  # what is sent is read on connections of its own, none of which idles
    answer = downloads.streamed(filename, header, rows, coming=coming)
    if not _places.take(who):
        flash(_("Other exports are under way. Try again in a minute."), "warning")
        return redirect(url_for("partners.dashboard"))
    answer.call_on_close(lambda: _places.give_back(who))
    return answer


def _in_time(rows: Iterable[list[object]]) -> Iterator[list[object]]:
    until = time.monotonic() + LONGEST
    for row in rows:
        if time.monotonic() > until:
            raise TakesTooLong
        yield row


def _read(session: Session, claims: Sequence[Claim], *, zone: tzinfo) -> list[list[object]]:
    return [list(_row(*row, zone)) for row in _with_steps(session, claims)]


def _with_steps(session: Session, claims: Sequence[Claim]) -> list[tuple[Claim, NextStep, Assessment | None]]:
    """Return claims with what happens next to each, and its assessment where there is one."""
    rounds = queries.latest_rounds(session, claims)
    stopped = (claim for claim in claims if (last := rounds.get(claim.id)) and last.state is RoundState.STOPPED)
    queries.read_contacts(session, list(stopped))
    assessments = queries.assessments_of(session, claims)
    at, is_held = now(), holding.is_in_force(session)
    return [
        (
            claim,
            next_step(claim, rounds.get(claim.id), now=at, assessment=assessments.get(claim.id), is_held=is_held),
            assessments.get(claim.id),
        )
        for claim in claims
    ]


def _row(claim: Claim, step: NextStep, assessment: Assessment | None, zone: tzinfo) -> Iterator[object]:
    since, by = (at and at.astimezone(zone).replace(microsecond=0) for at in (claim.status_since, step.by))
    yield from (claim.reference, _(claim.status.label), since, _(step.sentence), by)
    texts = {**shown(claim, programme().catalogue), "proof_date": claim.proof_date}
    yield from (texts[field.name] for field in FIELDS)
    yield _(step.who.label)
    yield _(claim.rejection.label) if claim.rejection and claim.status is Status.REJECTED else ""
    yield _(ASSESSED[assessment.state]) if assessment else ""
