"""Customer associations: what waits for the partner, and its claims as they are searched, filtered and sorted."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from cpor_web.accounts.access import allowed
from cpor_web.claims import competing
from cpor_web.claims.listed import Line, ListedClaim
from cpor_web.claims.next_steps import NextStep, next_step
from cpor_web.claims.way import Who
from cpor_web.extensions import db
from cpor_web.lists import own
from cpor_web.lists.around import Around, around
from cpor_web.lists.own import Waiting, Wanted
from cpor_web.partners import lines
from cpor_web.partners.blueprint import bp
from cpor_web.partners.list_filter import MUST_ACT, ListFilter
from cpor_web.rules.roles import CLAIMANTS, PARTNER_ROLES, Actor
from cpor_web.rules.statuses import Status
from cpor_web.web.current import actor, now, programme_as_set_up
from cpor_web.web.pages import asking

MOST_URGENT = 3
"""How many claims that wait for the partner are named on top."""


@bp.get("/claims")
@allowed(PARTNER_ROLES)
def dashboard() -> ResponseReturnValue:
    """Say what waits for the partner, and list its claims with what happens next and by when."""
    session, reader = db.session(), actor()
    beside = around(session, reader)
    form = _filter(beside)
    wanted = form.wanted(_status())
    before, after = (request.args.get(cursor, "") for cursor in ("before", "after"))
    waiting, counts = _numbers(session, reader, wanted, is_first=not (before or after))
    must_act = waiting.must_act if waiting else 0
    page = own.dashboard(session, reader, wanted, now=now(), before=before, after=after, must_act=must_act)
    urgent = _most_urgent(session, reader, must_act, page.rows if wanted == own.ALL else None)
    rows = _with_steps([*urgent, *page.rows])
    asked, here = as_in_the_address(wanted), url_for("partners.dashboard")
    is_filtered = replace(wanted, status=None, sort=own.ALL.sort) != own.ALL
    threatened = competing.threatened(session, reader) if beside.may_end else []
    return render_template(
        "partners/dashboard.html",
        can_claim=reader.role in CLAIMANTS,
        chosen=wanted,
        counts=counts,
        export_url=url_for("partners.export_claims", **asked),
        workbook_url=url_for("partners.export_claims_as_workbook", **asked),
        form=form,
        can_be_saved=wanted != own.ALL,
        is_filtered=is_filtered,
        next_page=page.after and _list(here, asked, after=page.after),
        previous_page=page.before and _list(here, asked, before=page.before),
        lines=lines.of(rows[len(urgent) :], {each.claim_id: each.ending for each in threatened}),
        threatened=threatened,
        most_named=MOST_URGENT,
        saved=beside.saved,
        save_url=url_for("partners.save_filter", **asked),
        status_urls={status: _list(here, asked, status=status and status.value) for status in (None, *Status)},
        named=len(urgent),
        urgent=lines.urgent(rows[: len(urgent)]),
        waiting=waiting,
        MUST_ACT=MUST_ACT,
        Status=Status,
        Who=Who,
    )


def _numbers(
    session: Session, reader: Actor, wanted: Wanted, *, is_first: bool
) -> tuple[Waiting | None, Mapping[Status, int]]:
    """Return the numbers of the tabs and, for the first page, what waits for the partner."""
    if is_first:
        return own.waiting_and_counts(session, reader, wanted, now=now())
    return None, own.counts(session, reader, wanted, now=now())


def _most_urgent(session: Session, reader: Actor, must_act: int, listed: Sequence[Line] | None) -> Sequence[Line]:
    """Return the claims to be named on top. Where all claims are `listed`, they stand at the beginning."""
    if not must_act or listed is not None:
        return (listed or ())[: min(MOST_URGENT, must_act)]
    return own.most_urgent(session, reader, now=now(), most=MOST_URGENT)


def _with_steps(lines: Sequence[Line]) -> list[tuple[ListedClaim, NextStep]]:
    at = now()
    return [
        (each.claim, next_step(each.claim, each.round, now=at, assessment=each.assessment, is_held=each.is_held))
        for each in lines
    ]


def asked_for() -> Wanted:
    """Return what the address asks for."""
    return _filter(around(db.session(), actor())).wanted(_status())


def _filter(beside: Around) -> ListFilter:
    form = ListFilter(request.args)
    form.offer(beside.locations, programme_as_set_up().catalogue)
    return form


def _status() -> Status | None:
    status = request.args.get("status", "")
    return Status(status) if status in list(Status) else None


def _list(here: str, asked: Mapping[str, str | None], **more: str | None) -> str:
    return f"{asking(here, {**asked, **more})}#claims"


def as_in_the_address(wanted: Wanted) -> dict[str, Any]:
    """Return what an address says of `wanted`; what is as it would be unasked is left out."""
    said: Mapping[str, str] = {
        "status": wanted.status or "",
        "search": wanted.search,
        "who": MUST_ACT if wanted.must_act else wanted.who or "",
        "area": wanted.area,
        "mpn_id": wanted.mpn_id,
        "sort": "" if wanted.sort is own.ALL.sort else wanted.sort,
    }
    return {name: str(value) or None for name, value in said.items()}
