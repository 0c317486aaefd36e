"""Everything that happened to a claim, the internal events too."""

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cpor_web import history_words
from cpor_web.accounts.access import allowed
from cpor_web.claims import queries
from cpor_web.extensions import db
from cpor_web.reviewers import words
from cpor_web.reviewers.blueprint import bp
from cpor_web.rules.roles import REVIEWERS
from cpor_web.rules.words import N_
from cpor_web.web import downloads
from cpor_web.web.current import actor, programme_as_set_up
from cpor_web.web.one_claim import claim_or_404

KINDS = {**history_words.KINDS, "note": N_("Internal notes")}
"""What a reviewer can filter by: what partners can, and what they never see."""


@bp.get("/<reference>/history")
@allowed(REVIEWERS)
def history(reference: str) -> ResponseReturnValue:
    """Show what happened, the newest first."""
    claim = claim_or_404(reference)
    return render_template(
        "history.html",
        room=bp.name,
        claim=claim,
        kind=_kind(),
        kinds=KINDS,
        events=queries.history(db.session(), claim, actor(), kind=_kind()),
    )


@bp.get("/<reference>/history.csv")
@allowed(REVIEWERS)
def export_history(reference: str) -> Response:
    """Give the history as a table."""
    claim = claim_or_404(reference)
    rows = (
        (
            event.at.isoformat(),
            history_words.actor(event),
            history_words.told(event),
            "\n".join(words.details(event)),
            _("yes") if event.is_internal else _("no"),
        )
        for event in queries.history(db.session(), claim, actor(), kind=_kind())
    )
    header = (_("When"), _("Who"), _("What"), _("More"), _("Internal"))
    return downloads.table(f"{claim.reference}-review.csv", header, rows)


@bp.get("/<reference>/history.json")
@allowed(REVIEWERS)
def export_history_as_json(reference: str) -> Response:
    """Give the history for other programs to read."""
    claim = claim_or_404(reference)
    events = [
        {
            **history_words.record(event, programme_as_set_up().catalogue),
            "more": words.details(event),
            "is_internal": event.is_internal,
        }
        for event in queries.history(db.session(), claim, actor(), kind=_kind())
    ]
    return downloads.structured(f"{claim.reference}-review.json", {"claim": claim.reference, "events": events})


def _kind() -> str:
    kind = request.args.get("kind", "")
    return kind if kind in KINDS else ""
