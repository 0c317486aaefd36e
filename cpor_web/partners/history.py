"""A claim's history: every event that the partner may see, in words, as a table, and as JSON."""

from collections.abc import Sequence

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cpor_web import history_words
from cpor_web.accounts.access import allowed
from cpor_web.claims import queries
from cpor_web.extensions import db
from cpor_web.models import Claim, Event
from cpor_web.partners.blueprint import bp
from cpor_web.rules.roles import PARTNER_ROLES
from cpor_web.web import downloads
from cpor_web.web.current import actor, programme_as_set_up
from cpor_web.web.one_claim import claim_or_404


@bp.get("/claims/<reference>/history")
@allowed(PARTNER_ROLES)
def history(reference: str) -> ResponseReturnValue:
    """Show what happened, newest first."""
    claim = claim_or_404(reference)
    return render_template(
        "history.html",
        room=bp.name,
        claim=claim,
        kind=_kind(),
        kinds=history_words.KINDS,
        events=_events(claim),
    )


@bp.get("/claims/<reference>/history.csv")
@allowed(PARTNER_ROLES)
def export_history(reference: str) -> Response:
    """Give what is shown as a table."""
    claim = claim_or_404(reference)
    rows = [
        (
            event.at.isoformat(),
            history_words.actor(event),
            history_words.told(event),
            "\n".join(history_words.details(event, programme_as_set_up().catalogue)),
        )
        for event in _events(claim)
    ]
    return downloads.table(f"{claim.reference}.csv", (_("When"), _("Who"), _("What"), _("More")), rows)


@bp.get("/claims/<reference>/history.json")
@allowed(PARTNER_ROLES)
def export_history_as_json(reference: str) -> Response:
    """Give what is shown for other programs to read."""
    claim = claim_or_404(reference)
    events = [history_words.record(event, programme_as_set_up().catalogue) for event in _events(claim)]
    return downloads.structured(f"{claim.reference}.json", {"claim": claim.reference, "events": events})


def _events(claim: Claim) -> Sequence[Event]:
    return queries.history(db.session(), claim, actor(), kind=_kind())


def _kind() -> str:
    kind = request.args.get("kind", "")
    return kind if kind in history_words.KINDS else ""
