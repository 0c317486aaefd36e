"""The blueprint of the partner's pages, and the words that all of them have."""

from functools import partial

from flask import Blueprint, url_for
from markupsafe import Markup, escape

from cpor_web import history_words
from cpor_web.emails import words as mail_words
from cpor_web.rules.draft_checks import Finding
from cpor_web.web.current import programme_as_set_up
from cpor_web.web.errors import in_words

bp = Blueprint("partners", __name__)


def linked(found: Finding) -> Markup:
    """Return what a check found in words, with links to the claims that it names; all are the partner's own."""
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
