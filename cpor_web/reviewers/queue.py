"""The review queue: overdue first, then by due time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from cpor_web import holding
from cpor_web.accounts.access import allowed
from cpor_web.claims import lists, queries, related, review_queue
from cpor_web.current import actor, now, programme
from cpor_web.extensions import db
from cpor_web.keyset import Page
from cpor_web.models import Claim, Partner
from cpor_web.reviewers.blueprint import bp
from cpor_web.reviewers.forms import QueueFilter
from cpor_web.reviewers.waiting import needing_a_reviewer
from cpor_web.rules.roles import REVIEWERS, Role
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_

SHOWN = tuple(status for status in Status if status is not Status.EDITING)
"""The statuses that reviewers see; drafts are the partner's own."""

FILTERS = ("whose", "area", "disputed")


@dataclass(frozen=True, slots=True)
class Tab:
    """A status to choose, or what waits for the operator. `label` is a msgid."""

    label: str
    url: str
    count: int
    is_current: bool


@bp.get("")
@allowed(REVIEWERS)
def queue() -> ResponseReturnValue:
    """Show the claims that wait, or those of one status, as filtered."""
    form = QueueFilter(request.args)
    form.offer(programme().catalogue)
    status = next((status for status in SHOWN if status.value == request.args.get("status")), None)
    page, held = _found(form, status), holding.in_force(db.session())
    return render_template(
        "reviewers/queue.html",
        claims=page.rows,
        contested=related.contested(db.session(), page.rows),
        counts=review_queue.counts(db.session(), actor(), now=now()),
        form=form,
        is_filtered=bool(form.whose.data or form.area.data or form.disputed.data),
        asked=needing_a_reviewer(db.session()),
        is_overdue=queries.is_overdue,
        next_page=page.after and _url(status, after=page.after),
        previous_page=page.before and _url(status, before=page.before),
        held=held,
        suspects=() if held else _suspects(),
        may_release=actor().role is Role.ADMINISTRATOR,
        now=now(),
        reader_id=actor().user_id,
        status=status,
        submitted=Status.SUBMITTED,
        tabs=list(_tabs(status)),
    )


def _suspects() -> Sequence[tuple[Partner, holding.Figures]]:
    since = holding.counted_since(db.session(), now=now())
    return holding.suspects(db.session(), since=since, programme=programme())


def _found(form: QueueFilter, status: Status | None) -> Page[Claim]:
    """Return the page of claims that the address asks for."""
    area = form.area.data or ""
    return review_queue.page(
        db.session(),
        actor(),
        status=status,
        mine=form.whose.data == "mine",
        unassigned=form.whose.data == "unassigned",
        disputed=bool(form.disputed.data),
        area=area if area in programme().catalogue.areas else "",
        before=request.args.get("before", ""),
        after=request.args.get("after", ""),
    )


def _tabs(chosen: Status | None) -> Iterator[Tab]:
    counts = lists.counts(db.session(), actor(), now=now())
    waiting = sum(counts[status] for status in queries.WAITING_FOR_OPERATOR)
    yield Tab(N_("Waiting for us"), _url(None), waiting, chosen is None)
    for status in SHOWN:
        yield Tab(status.label, _url(status), counts[status], chosen is status)


def _url(status: Status | None, **cursor: str) -> str:
    """Return the address of the queue with the filters that are chosen now."""
    kept: dict[str, Any] = {name: value for name in FILTERS if (value := request.args.get(name))} | cursor
    return url_for("reviewers.queue", status=status.value if status else None, **kept)
