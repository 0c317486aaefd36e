"""A reviewer takes the next claim that waits."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cpor_web.accounts.access import allowed
from cpor_web.claims import operations, queries
from cpor_web.extensions import db
from cpor_web.reviewers.blueprint import bp
from cpor_web.reviewers.queue_filter import QueueFilter
from cpor_web.rules.roles import REVIEWERS
from cpor_web.transactions import transaction
from cpor_web.web.current import actor, now, programme


@bp.post("/next")
@allowed(REVIEWERS)
def take_next() -> ResponseReturnValue:
    """Go on with the claim that is due first, the reviewer's own before those nobody has, within the queue's filters.

    `past` in the form is the claim from whose page they go on.
    """
    return redirect(next_taken(request.form.get("past", "")))


def next_taken(past: str = "") -> str:
    """Let the reviewer hold the next claim, say so, and return where it is: at the queue where none is left."""
    form = QueueFilter(request.form)
    area = form.area.data or ""
    with transaction(db.session):
        claim = operations.go_on(
            db.session(),
            actor=actor(),
            now=now(),
            programme=programme(),
            area=area if area in programme().catalogue.areas else "",
            disputed=bool(form.disputed.data),
            past=queries.claim_of(db.session(), actor(), past) if past else None,
        )
        reference = claim.reference if claim else None
        begins = claim is not None and claim.status_since == now()
    if reference is None:
        none = (
            _("No other claim is left to take.")
            if past
            else _("No claim is left to take: somebody holds each that waits.")
        )
        flash(none, "info")
        return url_for("reviewers.queue")
    told = (
        _("You hold %(claim)s now. Its review has started, and the partner is told.", claim=reference)
        if begins
        else _("You hold %(claim)s now.", claim=reference)
    )
    flash(told, "success")
    return url_for("reviewers.claim", reference=reference)
