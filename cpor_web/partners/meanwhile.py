"""What a colleague changed while a claim's form was open: it is taken over, but for what was typed instead.

A field that still says what the page was opened with takes the new value; one that both changed keeps what was typed
and says what there is now. Products are merged one by one: nobody's choice of one undoes the other's of another.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from flask_babel import gettext as _
from markupsafe import Markup

from cpor_web import history_words
from cpor_web.claims.drafts import Draft
from cpor_web.models import Claim, Event
from cpor_web.partners.forms import ClaimForm, words_of_mpn_id
from cpor_web.rules.fields import FIELDS, LABELS
from cpor_web.web.current import programme

Keys = frozenset[str]


class Change(NamedTuple):
    """A field that was changed meanwhile: what it said, what it says now, who changed it last, and when.

    `is_contested` where another text than either stands in the form: it was kept.
    """

    name: str
    label: str
    old: str
    new: str
    by: str
    at: datetime
    is_contested: bool


def taken_over(form: ClaimForm, claim: Claim, events: Sequence[Event]) -> list[Change]:
    """Bring the form up to date with the claim as it is now, and return what had changed, in the form's order.

    `events` are what came since the page was opened, the oldest first.
    """
    edits = [event for event in events if event.kind == "claim:edited" and not event.is_erased]
    changes = list(_changes(form, claim, edits))
    for change in changes:
        if change.is_contested:
            now = _("Now: %(value)s, changed by %(who)s.", value=change.new, who=change.by)
            field = form[change.name]
            field.description = Markup("<strong>{}</strong> {}").format(now, field.description)
    return changes


def out_of_reach(form: ClaimForm, claim: Claim, may_be_edited: Collection[str]) -> list[tuple[str, str]]:
    """Return label and text of what was sent in fields that cannot be edited any more, unless the claim says it."""
    current = Draft.from_claim(claim)
    typed, stored = (draft.as_fields() for draft in (form.draft(current).normalised(), current))
    sent = (name for name in LABELS if name not in may_be_edited and form[name].raw_data)
    return [
        (form[name].label.text, _in_words(name, _stored(typed[name]), claim))
        for name in sent
        if _stored(typed[name]) != _stored(stored[name])
    ]


def _changes(form: ClaimForm, claim: Claim, edits: Sequence[Event]) -> Iterator[Change]:
    current = Draft.from_claim(claim)
    typed = form.draft(current).normalised().as_fields()
    for name in (field.name for field in FIELDS if field.name in form):
        told = [event for event in edits if name in event.data["changes"]]
        if not told:
            continue
        old, new = told[0].data["changes"][name][0], _stored(current.as_fields()[name])
        if old == new:
            continue
        mine = _stored(typed[name])
        if name == "products":
            form.products.data = sorted(_merged(_keys(old), _keys(mine), _keys(new)))
        elif mine == old:
            form[name].data = new
        yield Change(
            name,
            form[name].label.text,
            _in_words(name, old, claim),
            _in_words(name, new, claim),
            history_words.actor(told[-1]),
            told[-1].at,
            is_contested=mine not in {old, new},
        )


def _merged(old: Keys, mine: Keys, new: Keys) -> Keys:
    """Return the products that are there now, with those that I added and without those that I took away."""
    return (new | (mine - old)) - (old - mine)


def _stored(value: object) -> str:
    """Return a value as the history keeps it; the order of products says nothing."""
    return ", ".join(sorted(value)) if isinstance(value, tuple) else str(value)


def _keys(stored: str) -> Keys:
    return frozenset(filter(None, stored.split(", ")))


def _in_words(name: str, stored: str, claim: Claim) -> str:
    if name == "mpn_id":
        own = (each for each in claim.partner.mpn_ids if each.number == stored)
        return next((words_of_mpn_id(each) for each in own), stored) or _("(empty)")
    return history_words.value(name, stored, programme().catalogue)
