"""The blueprint of the partner's pages, and what an address and a form say of a claim."""

from flask import Blueprint, abort, request

from cpor_web import history_words, mail_words
from cpor_web.claims import queries
from cpor_web.current import actor
from cpor_web.extensions import db
from cpor_web.models import Claim

bp = Blueprint("partners", __name__)

LONGEST_NUMBER = 10


def claim_or_404(reference: str) -> Claim:
    """Return the partner's own claim; another partner's claim does not exist."""
    return queries.claim_of(db.session(), actor(), reference) or abort(404)


def seen() -> int | None:
    """Return the version of the claim that the page showed on which a decision was taken."""
    text = request.form.get("seen")
    return None if text is None else number_in(text) or 0


def number_in(text: str | None) -> int | None:
    """Return the number that a form sent, None where it is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < LONGEST_NUMBER else None


@bp.context_processor
def _words() -> dict[str, object]:
    return {
        "event_actor": history_words.actor,
        "event_details": history_words.details,
        "mail_name": mail_words.name,
        "mail_state": mail_words.state,
        "told": history_words.told,
    }
