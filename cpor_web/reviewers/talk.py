"""Comments to the partner, and notes among reviewers. Neither is a decision, so neither asks which page it was on."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cpor_web.accounts.access import allowed
from cpor_web.claims import operations
from cpor_web.extensions import db
from cpor_web.reviewers import page
from cpor_web.reviewers.blueprint import bp
from cpor_web.reviewers.forms import CommentForm, NoteForm
from cpor_web.reviewers.queue_filter import within
from cpor_web.rules.exc import Refused
from cpor_web.rules.roles import REVIEWERS
from cpor_web.transactions import transaction
from cpor_web.web.current import actor, now, programme
from cpor_web.web.one_claim import claim_or_404


@bp.post("/<reference>/comments")
@allowed(REVIEWERS)
def comment(reference: str) -> ResponseReturnValue:
    """Add a comment, which is mailed to the partner."""
    claim, form = claim_or_404(reference), CommentForm(prefix="comment")
    if not form.validate():
        return page.invalid(claim, {"comment": form})
    try:
        with transaction(db.session):
            operations.comment(
                db.session(), claim, form.comment.data, actor=actor(), now=now(), programme=programme()
            )
    except Refused as refusal:
        return page.refused(reference, refusal, {"comment": form})
    flash(_("The comment is added and mailed to the partner."), "success")
    return redirect(url_for("reviewers.claim", reference=reference, _anchor="comments", **within()))


@bp.post("/<reference>/notes")
@allowed(REVIEWERS)
def note(reference: str) -> ResponseReturnValue:
    """Add a note that no partner ever sees."""
    claim, form = claim_or_404(reference), NoteForm(prefix="note")
    if not form.validate():
        return page.invalid(claim, {"note": form})
    try:
        with transaction(db.session):
            operations.note(db.session(), claim, form.note.data, actor=actor(), now=now())
    except Refused as refusal:
        return page.refused(reference, refusal, {"note": form})
    flash(_("The note is added. Only reviewers see it."), "success")
    return redirect(url_for("reviewers.claim", reference=reference, _anchor="notes", **within()))
