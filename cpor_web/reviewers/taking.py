"""A reviewer takes the next claim that waits."""

import logging

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import DBAPIError

from cpor_web.accounts.access import allowed
from cpor_web.claims import operations, queries
from cpor_web.extensions import db
from cpor_web.reviewers.blueprint import bp
from cpor_web.reviewers.queue_filter import within
from cpor_web.rules.roles import REVIEWERS
from cpor_web.transactions import InDoubt, transaction
from cpor_web.web.current import actor, now, programme

log = logging.getLogger(__name__)


@bp.post("/next")
@allowed(REVIEWERS)
def take_next() -> ResponseReturnValue:
    """Go on with the claim that is due first, the reviewer's own before those nobody has, within the queue's filters.

    `past` in the form is the claim from whose page they go on.
    """
    return redirect(_next_taken(request.form.get("past", "")))


def next_after(reference: str) -> str:
    """Do the same after a decision on a claim, which stands whatever becomes of this: without one, stay there."""
    try:
        return _next_taken()
    except (DBAPIError, InDoubt):
        log.exception("a decision was recorded, and the next claim could not be taken")
    flash(_("The next claim could not be fetched at the moment. Press “Take the next one” again."), "error")
    return url_for("reviewers.claim", reference=reference, **within())


def _next_taken(past: str = "") -> str:
    """Let the reviewer hold the next claim, say so, and return where it is: at the queue where none is left."""
    filters = within()
    with transaction(db.session):
        claim = operations.go_on(
            db.session(),
            actor=actor(),
            now=now(),
            programme=programme(),
            area=filters.get("area", ""),
            disputed="disputed" in filters,
            past=queries.claim_of(db.session(), actor(), past) if past else None,
        )
        reference = claim.reference if claim else None
        begins = claim is not None and claim.status_since == now()
    if reference is None:
        flash(_none_left(bool(filters), bool(past)), "info")
        return url_for("reviewers.queue", **filters)
    told = (
        _("You hold %(claim)s now. Its review has started, and the partner is told.", claim=reference)
        if begins
        else _("You hold %(claim)s now.", claim=reference)
    )
    flash(told, "success")
    return url_for("reviewers.claim", reference=reference, **filters)


def _none_left(is_filtered: bool, is_past: bool) -> str:
    if is_filtered:
        return _("Nothing more is left to take within this filter. “Show all” shows what else waits.")
    if is_past:
        return _("No other claim is left to take.")
    return _("No claim is left to take: somebody holds each that waits.")
