"""The blueprint of the partner's pages, and what an address and a form say of a claim."""

from functools import partial

from flask import Blueprint, abort, request, url_for
from markupsafe import Markup, escape

from cpor_web import history_words
from cpor_web.claims import queries
from cpor_web.emails import words as mail_words
from cpor_web.extensions import db
from cpor_web.models import Claim
from cpor_web.rules.guards import Finding
from cpor_web.web.current import actor, programme_as_set_up
from cpor_web.web.errors import in_words
from cpor_web.web.numbers import number_in

bp = Blueprint("partners", __name__)


def claim_or_404(reference: str) -> Claim:
    """Return the partner's own claim; another partner's claim does not exist."""
    return queries.claim_of(db.session(), actor(), reference) or abort(404)


def seen() -> int:
    """Return the version of the claim that the page of this decision showed; a decision without one is refused."""
    version = number_in(request.form.get("seen"))
    return abort(400) if version is None else version


def linked(found: Finding) -> Markup:
    """Return what a guard found in words, with links to the claims that it names; all are the partner's own."""
    said = escape(in_words(found.sentence, found.values))
    for reference in found.values.get("claims", ()):
        address = url_for("partners.claim", reference=reference)
        said = said.replace(reference, Markup('<a href="{}">{}</a>').format(address, reference))
    return said


@bp.context_processor
def _words() -> dict[str, object]:
    return {
        "event_actor": history_words.actor,
        "event_details": partial(history_words.details, catalogue=programme_as_set_up().catalogue),
        "linked": linked,
        "mail_is_shown": mail_words.is_shown,
        "mail_name": mail_words.name,
        "mail_state": mail_words.state,
        "told": history_words.told,
    }
