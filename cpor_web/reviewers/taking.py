"""A reviewer takes the next claim that waits."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cpor_web.accounts.access import allowed
from cpor_web.claims import operations
from cpor_web.current import actor, now, programme
from cpor_web.extensions import db
from cpor_web.reviewers.blueprint import bp
from cpor_web.reviewers.forms import QueueFilter
from cpor_web.rules.roles import REVIEWERS
from cpor_web.transactions import transaction


@bp.post("/next")
@allowed(REVIEWERS)
def take_next() -> ResponseReturnValue:
    """Take the claim that is due first of those that nobody has, within the filters of the queue."""
    return redirect(next_taken())


def next_taken() -> str:
    """Let the reviewer hold the next claim, say so, and return where it is: at the queue where none is left."""
    form = QueueFilter(request.form)
    area = form.area.data or ""
    with transaction(db.session):
        claim = operations.take_next(
            db.session(),
            actor=actor(),
            now=now(),
            programme=programme(),
            area=area if area in programme().catalogue.areas else "",
            disputed=bool(form.disputed.data),
        )
        reference = claim.reference if claim else None
    if reference is None:
        flash(_("No claim is left to take: somebody holds each that waits."), "info")
        return url_for("reviewers.queue")
    flash(_("You hold this claim now."), "success")
    return url_for("reviewers.claim", reference=reference)
