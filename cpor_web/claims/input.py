"""Checks that every verb makes of what comes in."""

from collections.abc import Set as AbstractSet

from cpor_web.rules.exc import Invalid, NotYours
from cpor_web.rules.roles import Actor, Role
from cpor_web.rules.words import N_

LONGEST_TEXT = 10_000


def require(actor: Actor, roles: AbstractSet[Role]) -> None:
    """Raise NotYours unless the actor has one of `roles`."""
    if actor.role not in roles:
        raise NotYours(N_("This is not for your role (%(role)s)."), {"role": actor.role.label})


def text_of(text: str, field_name: str) -> str:
    """Return a longer text without outer blanks and NUL; raises Invalid where it is too long."""
    text = text.replace("\x00", "").strip()
    if len(text) > LONGEST_TEXT:
        raise Invalid(N_("Enter at most %(most)s characters."), {"most": LONGEST_TEXT}, field_name=field_name)
    return text


def needed_text(text: str, field_name: str, sentence: str) -> str:
    """Return `text_of` the text; raises Invalid with `sentence` where nothing is left."""
    text = text_of(text, field_name)
    if not text:
        raise Invalid(sentence, field_name=field_name)
    return text
