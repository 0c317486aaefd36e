"""Customer associations: what waits for the partner, and its claims as they are searched, filtered and sorted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cpor_web import downloads, holding
from cpor_web.accounts.access import allowed
from cpor_web.claims import lists, queries
from cpor_web.claims.lists import Wanted
from cpor_web.claims.next_steps import NextStep, next_step
from cpor_web.claims.way import Who
from cpor_web.current import actor, now, programme, user
from cpor_web.extensions import db
from cpor_web.models import Claim
from cpor_web.partners.blueprint import bp
from cpor_web.partners.details import shown
from cpor_web.partners.list_filter import ListFilter
from cpor_web.rules.fields import FIELDS
from cpor_web.rules.roles import CLAIMANTS, PARTNER_ROLES
from cpor_web.rules.statuses import Status

MOST_URGENT = 3
"""How many claims that wait for the partner are named on top."""


@bp.get("/claims")
@allowed(PARTNER_ROLES)
def dashboard() -> ResponseReturnValue:
    """Say what waits for the partner, and list its claims with what happens next and by when."""
    session, form = db.session(), _filter()
    wanted = form.wanted(_status())
    before, after = (request.args.get(cursor, "") for cursor in ("before", "after"))
    page = lists.dashboard(session, actor(), wanted, now=now(), before=before, after=after)
    waiting = lists.waiting(session, actor(), now=now(), most=MOST_URGENT)
    return render_template(
        "partners/dashboard.html",
        can_claim=actor().role in CLAIMANTS,
        chosen=wanted,
        counts=lists.counts(session, actor(), wanted, now=now()),
        export_url=url_for("partners.export_claims", **_in_the_address(wanted)),
        form=form,
        is_filtered=replace(wanted, status=None, sort=lists.ALL.sort) != lists.ALL,
        next_page=page.after and _address(wanted, after=page.after),
        previous_page=page.before and _address(wanted, before=page.before),
        rows=_with_steps(page.rows),
        status_urls={status: _address(wanted, status=status and status.value) for status in (None, *Status)},
        urgent=_with_steps(waiting.most_urgent),
        waiting=None if before or after else waiting,
        Status=Status,
        Who=Who,
    )


@bp.get("/claims.csv")
@allowed(PARTNER_ROLES)
def export_claims() -> Response:
    """Give what is filtered, on all pages, as a table."""
    claims = lists.export(db.session(), actor(), _filter().wanted(_status()), now=now())
    header = [_("Reference"), _("Status"), _("Since"), _("What happens next"), _("Due")]
    header += [_(field.label) for field in FIELDS]
    return downloads.table("claims.csv", header, (list(_row(*row)) for row in _with_steps(claims)))


def _with_steps(claims: Sequence[Claim]) -> list[tuple[Claim, NextStep]]:
    rounds = queries.latest_rounds(db.session(), claims)
    assessments = queries.assessments_of(db.session(), claims)
    at, is_held = now(), holding.in_force(db.session()) is not None
    return [
        (
            claim,
            next_step(claim, rounds.get(claim.id), now=at, assessment=assessments.get(claim.id), is_held=is_held),
        )
        for claim in claims
    ]


def _row(claim: Claim, step: NextStep) -> Iterator[object]:
    yield from (claim.reference, _(claim.status.label), claim.status_since.isoformat(), _(step.sentence))
    yield step.by.isoformat() if step.by else ""
    texts = shown(claim, programme().catalogue)
    yield from (texts[field.name] for field in FIELDS)


def _filter() -> ListFilter:
    form = ListFilter(request.args)
    partner = user().partner
    assert partner is not None, "only a partner's users are here"
    form.offer(partner, programme().catalogue)
    return form


def _status() -> Status | None:
    status = request.args.get("status", "")
    return Status(status) if status in list(Status) else None


def _address(wanted: Wanted, **more: str | None) -> str:
    return url_for("partners.dashboard", **_in_the_address(wanted) | more, _anchor="claims")


def _in_the_address(wanted: Wanted) -> dict[str, Any]:
    """Return what an address says of `wanted`; what is as it would be unasked is left out."""
    said: Mapping[str, str] = {
        "status": wanted.status or "",
        "search": wanted.search,
        "who": wanted.who or "",
        "area": wanted.area,
        "mpn_id": wanted.mpn_id,
        "sort": "" if wanted.sort is lists.ALL.sort else wanted.sort,
    }
    return {name: str(value) or None for name, value in said.items()}
