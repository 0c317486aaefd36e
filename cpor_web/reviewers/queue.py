"""The review queue: overdue first, then by due time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from cpor_web.accounts.access import allowed
from cpor_web.extensions import db
from cpor_web.lists import review_queue
from cpor_web.lists.needing import needing_a_reviewer
from cpor_web.lists.review_queue import Numbers, Wanted
from cpor_web.models import Partner, User
from cpor_web.reviewers import lines
from cpor_web.reviewers.blueprint import bp
from cpor_web.reviewers.queue_filter import LONGEST_SEARCH, QueueFilter, within
from cpor_web.rules.roles import REVIEWERS, Role
from cpor_web.rules.statuses import WAITING_FOR_OPERATOR, Status
from cpor_web.rules.words import N_
from cpor_web.silence import failed_notices, holding
from cpor_web.silence.failed_notices import Figures
from cpor_web.web.current import actor, now, programme_as_set_up
from cpor_web.web.numbers import number_in
from cpor_web.web.pages import asking

SHOWN = tuple(status for status in Status if status is not Status.EDITING)
"""The statuses that reviewers see; drafts are the partner's own."""

ANY = "any"
"""What the address says for claims of every status."""

FILTERS = ("search", "whose", "area", "disputed", "overdue", "partner")


@dataclass(frozen=True, slots=True)
class Tab:
    """A status to choose, or what waits for the operator, or all. `label` is a msgid."""

    label: str
    url: str
    count: int
    is_current: bool


@bp.get("")
@allowed(REVIEWERS)
def queue() -> ResponseReturnValue:
    """Show the claims that wait, or those of one status or of all, as searched and filtered."""
    form = QueueFilter(request.args)
    session, reader, chosen = db.session(), actor(), _chosen()
    numbers = review_queue.numbers(session, reader, now=now())
    wanted = _wanted(form, chosen)
    form.offer(programme_as_set_up().catalogue, _colleagues(numbers.holders, wanted.reviewer_id))
    page = review_queue.page(
        session,
        reader,
        wanted,
        now=now(),
        before=request.args.get("before", ""),
        after=request.args.get("after", ""),
    )
    held = holding.in_force(session) if numbers.is_held else None
    filters = {name: value for name in FILTERS if (value := request.args.get(name))}
    address = partial(_address, url_for("reviewers.queue"), filters)
    return render_template(
        "reviewers/queue.html",
        chosen=chosen,
        counts=numbers.waiting,
        form=form,
        is_filtered=bool(filters),
        asked=needing_a_reviewer(session),
        lines=lines.of(page.rows),
        number=len(page.rows),
        next_page=page.after and address(chosen, after=page.after),
        previous_page=page.before and address(chosen, before=page.before),
        held=held,
        suspects=_suspects(session, numbers),
        may_release=reader.role is Role.ADMINISTRATOR,
        partner=None if wanted.partner_id is None else session.get(Partner, wanted.partner_id),
        tabs=list(_tabs(wanted, chosen, numbers.by_status, address)),
        within=within(),
    )


def _colleagues(holders: Sequence[tuple[int, str]], chosen_id: int | None) -> Iterator[tuple[int, str]]:
    """Yield the others who hold something, and who is chosen though they hold nothing any more: the page says whose
    claims it shows.
    """
    yield from (each for each in holders if each[0] != actor().user_id or each[0] == chosen_id)
    if chosen_id is not None and chosen_id not in dict(holders):
        found = db.session.get(User, chosen_id)
        if found is not None and found.role in REVIEWERS:
            yield found.id, found.name


def _suspects(session: Session, numbers: Numbers) -> Sequence[tuple[Partner, Figures]]:
    """Return the partners of whose own notices too many failed, where these hold not all closing."""
    if numbers.is_held or not numbers.some_failed:
        return ()
    return failed_notices.suspects(session, since=numbers.counted_since, programme=programme_as_set_up())


def _chosen() -> str:
    """Return the status that the address names, `ANY`, or an empty string for what waits."""
    named = request.args.get("status", "")
    return named if named == ANY or named in set(SHOWN) else ""


def _wanted(form: QueueFilter, chosen: str) -> Wanted:
    """Return what the address asks for."""
    filters = within()
    return Wanted(
        status=Status(chosen) if chosen not in {"", ANY} else None,
        any_status=chosen == ANY,
        mine=form.whose.data == "mine",
        reviewer_id=number_in(form.whose.data),
        unassigned=form.whose.data == "unassigned",
        disputed="disputed" in filters,
        overdue=bool(form.overdue.data),
        area=filters.get("area", ""),
        search=(form.search.data or "")[:LONGEST_SEARCH],
        partner_id=number_in(request.args.get("partner")),
    )


def _tabs(wanted: Wanted, chosen: str, counts: Mapping[Status, int], address: Callable[[str], str]) -> Iterator[Tab]:
    """Yield the tabs with the counts of all there is; where somebody searches they count what was found."""
    if wanted.search or wanted.partner_id is not None:
        counts = review_queue.found_by_status(db.session(), actor(), wanted, now=now())
    waiting = sum(counts[status] for status in WAITING_FOR_OPERATOR)
    yield Tab(N_("Waiting for us"), address(""), waiting, not chosen)
    for status in SHOWN:
        yield Tab(status.label, address(status), counts[status], chosen == status)
    yield Tab(N_("All"), address(ANY), sum(counts[status] for status in SHOWN), chosen == ANY)


def _address(here: str, filters: Mapping[str, str], status: str, **cursor: str) -> str:
    """Return the address of the queue with the filters that are chosen now."""
    return asking(here, {"status": str(status) or None, **filters, **cursor})
