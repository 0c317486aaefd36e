"""How a refusal is told: at the field that it is about, or on top with what has changed; nothing typed is lost."""

from typing import Any

from flask_wtf import FlaskForm

from cpor_web import lifecycle
from cpor_web.extensions import db
from cpor_web.models import Claim, Event
from cpor_web.rules.exc import Invalid, Refused, Stale
from cpor_web.web.current import actor
from cpor_web.web.errors import sentence


def told_at_its_field(refused: Refused, form: FlaskForm) -> bool:
    """Put the sentence, and what else is wrong, at the fields that they are about, if the form has them."""
    if not isinstance(refused, Invalid) or refused.field_name not in form:
        return False
    for each in (refused, *refused.others):
        form[each.field_name].errors = [sentence(each)]
    return True


def words_of(claim: Claim | None, refused: Refused) -> dict[str, Any]:
    """Return what `_refusal.html` needs: the sentence, and what came since where the page was older."""
    changes: list[Event] = []
    if isinstance(refused, Stale) and claim is not None:
        changes = lifecycle.changes_since(db.session(), claim, refused.since, actor())
    return {"refused": sentence(refused), "changes": changes}
